import Glibc
import PKI

/// libFuzzer's own main loop.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Bytes as a PEM file. Blocks that are taken must read the same when they are written anew.
@main
enum FuzzPEM {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(
      runDriver(&count, &arguments) { start, length in
        PEMProperties.check(Array(UnsafeBufferPointer(start: start, count: length)))
        return 0
      })
  }
}

/// What must hold for any bytes.
private enum PEMProperties {
  static func check(_ bytes: [UInt8]) {
    _ = try? PEM.chain(bytes)
    _ = try? PEM.revocationLists(bytes)
    if let key = try? PEM.privateKey(bytes) { _ = key.publicKeyDER }
    _ = try? CertificateRequest(pem: bytes)
    guard let blocks = try? PEM.blocks(bytes, maximumBlocks: 64) else { return }
    for block in blocks where block.label.utf8.count < 60 {
      let again = try? PEM.blocks(Array(PEM.text(label: block.label, der: block.der).utf8))
      precondition(again?.map(\.der) == [block.der], "another content")
      precondition(again?.map(\.label) == [block.label], "another label")
    }
  }
}
