/// Why a benchmark could not be carried through, or why its figures can't be believed.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
