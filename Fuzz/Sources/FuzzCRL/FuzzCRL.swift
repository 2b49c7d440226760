import Glibc
import PKI

/// libFuzzer's own main loop.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Bytes as a revocation list, as a certificate and as a signing request. A list that is taken must answer for any serial
/// number; a certificate that is taken must be that one, with a sound role or none.
@main
enum FuzzCRL {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(
      runDriver(&count, &arguments) { start, length in
        let bytes = Array(UnsafeBufferPointer(start: start, count: length))
        CertificateProperties.check(bytes)
        return 0
      })
  }
}

/// What must hold for any bytes.
private enum CertificateProperties {
  static func check(_ bytes: [UInt8]) {
    if let facts = try? CertificateFacts(der: bytes) {
      precondition(facts.der == bytes, "another certificate")
      precondition(facts.role.name.map { (1...PKILimits.roleBytes).contains($0.utf8.count) } ?? true, "an unsound role")
      _ = try? facts.isSigned(by: facts)
      _ = try? facts.nameConstraints()
      _ = facts.covers(host: "gate.plant.example")
      _ = PeerVerifier(host: "10.0.0.1").refusal(of: facts, now: 1_800_000_000)
    }
    if let list = try? RevocationList(der: bytes) {
      precondition(list.status(of: [], at: list.nextUpdate) == list.status(of: [0], at: list.nextUpdate))
      _ = list.status(of: Array(bytes.prefix(20)), at: list.thisUpdate)
      _ = try? RevocationSet([list, list], issuers: [])
    }
    _ = try? CertificateRequest(der: bytes)
  }
}
