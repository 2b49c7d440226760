import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ testOne: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Fuzzes Modbus/TCP: frames, requests, the guard, the transaction table and replies.
@main
enum FuzzModbus {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    let status = runDriver(&count, &arguments) { start, count in
      let bytes = Array(UnsafeBufferPointer(start: start, count: count))
      if let problem = ModbusExercise.check(bytes) {
        print(problem)
        _ = [UInt8]()[bytes.count]  // The fuzzer takes a trap for a finding.
      }
      return 0
    }
    exit(status)
  }
}
