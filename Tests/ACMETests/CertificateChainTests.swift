import ACME
import Crypto
import Testing
import X509

/// What is taken from a server as our certificate, and what is not.
@Suite struct CertificateChainTests {
  static let now: Int64 = 1_800_000_000
  let authority = TestAuthority()
  let key = P256.Signing.PrivateKey()

  func leaf(
    _ names: [String] = ["gate.plant.example"], key: P256.Signing.PrivateKey? = nil, from: Int64 = now - 60,
    to: Int64 = now + 86_400
  ) throws -> Certificate {
    try authority.certificate(for: .init((key ?? self.key).publicKey), names: names, from: from, to: to)
  }

  func error(_ pem: String, names: [String] = ["gate.plant.example"]) -> String? {
    do throws(ACMEError) {
      _ = try CertificateChain(pem: Array(pem.utf8), names: names, key: key, now: Self.now)
      return nil
    } catch {
      return error.message
    }
  }

  @Test func takesALeafAndItsChain() throws {
    let root = try authority.root(from: 0, to: Self.now * 2)
    let pem = "text before\n" + (try TestAuthority.pem(try leaf(["Gate.plant.example", "hmi.plant.example"]), root))
    let chain = try CertificateChain(
      pem: Array(pem.utf8), names: ["gate.plant.example"], key: key, now: Self.now)
    #expect(chain.names == ["gate.plant.example", "hmi.plant.example"])
    #expect(chain.notAfter == Self.now + 86_400)
    #expect(!chain.pem.contains("text before"))
    #expect(chain.pem.hasPrefix("-----BEGIN CERTIFICATE-----\n"))
    #expect(chain.pem.split(separator: "\n").filter { $0 == "-----END CERTIFICATE-----" }.count == 2)
  }

  @Test func refusesAnotherKey() throws {
    let other = try leaf(key: P256.Signing.PrivateKey())
    #expect(error(try TestAuthority.pem(other)) == "the certificate that came is for another key than ours")
    #expect(error(try TestAuthority.pem(other, try leaf()))?.contains("another key") == true)
  }

  @Test func refusesOtherNames() throws {
    let pem = try TestAuthority.pem(try leaf(["other.example"]))
    #expect(error(pem) == "the certificate that came is not for `gate.plant.example`")
    #expect(error(try TestAuthority.pem(try leaf([])))?.contains("is not for") == true)
  }

  @Test func refusesWhatIsOutOfTime() throws {
    #expect(error(try TestAuthority.pem(try leaf(to: Self.now - 1)))?.contains("expired") == true)
    let early = try leaf(from: Self.now + 3_700)
    #expect(error(try TestAuthority.pem(early))?.contains("clock of this machine") == true)
    #expect(error(try TestAuthority.pem(try leaf(from: Self.now + 3_500))) == nil)
  }

  @Test func refusesABrokenChain() throws {
    let other = try TestAuthority().root(from: 0, to: Self.now * 2)
    #expect(error(try TestAuthority.pem(try leaf(), other))?.contains("did not sign") == true)
    #expect(error(try TestAuthority.pem(try leaf(), try leaf()))?.contains("did not sign") == true)
  }

  @Test func refusesWhatIsNotAList() throws {
    let one = try TestAuthority.pem(try leaf())
    #expect(error("") != nil)
    #expect(error(String(one.dropLast(40))) != nil)
    #expect(error(key.pemRepresentation) != nil)
    #expect(error(one + key.pemRepresentation) != nil)
    #expect(error(String(repeating: one, count: 11))?.contains("11 certificates") == true)
  }
}
