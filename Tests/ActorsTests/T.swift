import Testing

@Test func t() { #expect(Bool(true)) }
