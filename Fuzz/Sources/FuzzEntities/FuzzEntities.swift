import Glibc

/// libFuzzer's own main loop.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Bytes as entities, a request, a context and the strings of extension types: see `EntityProperties` for what must hold.
@main
enum FuzzEntities {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(
      runDriver(&count, &arguments) { start, length in
        let bytes = Array(UnsafeBufferPointer(start: start, count: length))
        if let failure = EntityProperties.firstFailure(of: bytes) {
          print(failure)
          fflush(nil)
          abort()
        }
        return 0
      })
  }
}
