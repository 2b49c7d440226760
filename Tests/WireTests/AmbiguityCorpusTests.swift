import FoundationEssentials
import Testing
import Wire

/// The cases of the shared conformance data, when they are there; `SLUICE_CONFORMANCE` names their folder.
@Suite struct AmbiguityCorpusTests {
  struct Case: Decodable {
    let name: String
    let raw: String
    let expect: String
    let requests: Int
  }

  private static var file: URL {
    if let folder = ProcessInfo.processInfo.environment["SLUICE_CONFORMANCE"] {
      return URL(filePath: folder).appending(path: "http1/ambiguity.json")
    }
    return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "shared/conformance/http1/ambiguity.json")
  }

  /// How many requests are read to their end before anything is refused; nil when the connection is refused.
  private func requests(_ bytes: [UInt8]) -> Int? {
    var start = 0
    var count = 0
    while start < bytes.count {
      let rest = Array(bytes[start...])
      let (outcome, head) = HTTP1Properties.requestOutcome(rest[...], HeadLimits())
      guard case .complete(let length) = outcome else { return nil }
      var path: [UInt8] = []
      do { try PathNormalizer.normalize(rest.span, head.pathRange, into: &path) } catch { return nil }
      let body = HTTP1Properties.decode(rest, length, head.framing, ends: [rest.count])
      guard let next = body.next else { return nil }
      start += next
      count += 1
    }
    return count
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: file.path)))
  func readsOrRefuses() throws {
    let cases = try JSONDecoder().decode([Case].self, from: try Data(contentsOf: Self.file))
    #expect(cases.count >= 70)
    for item in cases {
      let bytes = latin1(item.raw.replacing("@I@", with: "7"))
      switch item.expect {
      case "ok": #expect(requests(bytes) == item.requests, "\(item.name)")
      case "reject": #expect(requests(bytes) == nil, "\(item.name)")
      default: break
      }
      #expect(HTTP1Properties.firstFailure(of: bytes.count < 2_000 ? bytes : []) == nil, "\(item.name)")
    }
  }
}
