import Foundation
import PKI
import SluiceModel
import Testing

/// Seeds and crashers of the fuzz targets, replayed: each is answered.
@Suite struct PKICorpusTests {
  private static func files(_ name: String) throws -> [(name: String, bytes: [UInt8])] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fuzz/Corpus/" + name)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted().map {
      ($0, Array(try Data(contentsOf: folder.appending(path: $0))))
    }
  }

  @Test func revocationListsAndCertificates() throws {
    var taken: [String] = []
    for (name, bytes) in try Self.files("crl") {
      if let list = try? RevocationList(der: bytes) {
        taken.append(name)
        _ = list.status(of: [0x0a], at: list.thisUpdate)
      }
      if let facts = try? CertificateFacts(der: bytes) {
        taken.append(name)
        #expect(facts.identity.modbusRole == facts.role.name)
      }
      if (try? CertificateRequest(der: bytes)) != nil { taken.append(name) }
    }
    #expect(["authority.der", "crl.der", "leaf.der", "request.der"].allSatisfy(taken.contains))
    #expect(!taken.contains("indirect.der"))
  }

  @Test func textFiles() throws {
    var taken: [String: Int] = [:]
    for (name, bytes) in try Self.files("pem") {
      taken[name] = try? PEM.blocks(bytes).count
      _ = try? PEM.chain(bytes)
      _ = try? PEM.privateKey(bytes)
      _ = try? PEM.revocationLists(bytes)
    }
    #expect(taken["chain.pem"] == 2)
    #expect(taken["crl.pem"] == 1)
    #expect(taken["encrypted.pem"] == nil)
  }
}
