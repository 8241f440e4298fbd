import Glibc
import Testing

@testable import App

@Suite("Only code that nobody can write to is given back after the start")
struct StartPagesTests {
    @Test
    func `a file's code is`() {
        let line = "55a0007f3000-55a00272a000 r-xp 00001000 fe:00 16261258                   /usr/local/bin/switchboard"
        #expect(StartPages.codeRange(line) == 0x55a0_007f_3000..<0x55a0_0272_a000)
    }

    /// The program comes first in the kernel's list, and the C library some pages after it.
    @Test
    func `that of every library is`() throws {
        let ranges = StartPages.codeRanges()
        let ofLibrary = try UInt(bitPattern: #require(dlsym(nil, "getpid")))
        #expect(ranges.contains { $0.contains(ofLibrary) })
    }

    @Test(arguments: [
        "55a00272a000-55a002816000 r--p 01f36000 fe:00 16261258                   /usr/local/bin/switchboard",
        "55a002816000-55a002a38000 rw-p 02022000 fe:00 16261258                   /usr/local/bin/switchboard",
        "55a002816000-55a002a38000 rwxp 02022000 fe:00 16261258                   /usr/local/bin/switchboard",
        "7ffd1c9f2000-7ffd1c9f4000 r-xp 00000000 00:00 0                          [vdso]",
        "7f21ea000000-7f21ea021000 r-xp 00000000 00:00 0",
        "7f21ea000000 r-xp 00000000 fe:00 1 /x",
        "",
    ])
    func `nothing else is`(line: String) {
        #expect(StartPages.codeRange(line) == nil)
    }
}
