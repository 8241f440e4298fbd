import Glibc

/// The counters of libmongoc, which it puts into shared memory for `mongoc-stat` as soon as the program is loaded.
package enum SharedCounters {
    /// Takes away the name under which they are shared; the memory goes with the process, however that ends.
    ///
    /// Left behind by a process that was killed, the name is in the way of the next one of the same process id: libmongoc then writes
    /// a warning of its own to standard error, before a program can forbid it.
    package static func unlink() {
        shm_unlink("/mongoc-\(getpid())")
    }
}
