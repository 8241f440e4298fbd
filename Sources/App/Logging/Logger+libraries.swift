import Logging

extension Logger {
    /// For the libraries: what they say below a warning tells an operator nothing.
    var forLibraries: Logger {
        var logger = self
        logger.logLevel = max(logLevel, .warning)
        return logger
    }
}
