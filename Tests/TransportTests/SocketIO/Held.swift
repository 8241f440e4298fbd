/// A value that a test changes inside an expectation, where a variable can't be changed.
@dynamicMemberLookup
final class Held<Value> {
    private var value: Value

    init(_ value: Value) {
        self.value = value
    }

    func callAsFunction<Result, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(&value)
    }

    subscript<Member>(dynamicMember member: KeyPath<Value, Member>) -> Member {
        value[keyPath: member]
    }
}
