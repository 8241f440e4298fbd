import Testing

/// What all tests of the HTTP API share: two instances that trust this machine's proxies and let one foreign page in.
@Suite(
    "The HTTP API",
    .cluster(["TRUSTED_PROXIES": "127.0.0.1", "ALLOWED_ORIGINS": "https://chat.example", "LOG_LEVEL": "info"]),
    .timeLimit(.minutes(2))
)
enum HTTPTests {}
