import CHiredis
import COpenSSL

func probe() -> OpaquePointer? { nil }
