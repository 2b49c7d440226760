import FoundationEssentials
import Testing
import Wire

@Suite struct RandomTests {
  private static let seeds = [
    "GET /a/%2e%2E/./b//c/;p/%7Eme?q=/.. HTTP/1.1\r\nHost: [2001:db8::1]:80\r\nConnection: x-hop, close\r\n"
      + "X-Hop: 1\r\n\r\n",
    "POST http://o/%41 HTTP/1.1\r\nhost:h\r\nX-Loose: \t v \r\nX_U: 1\r\nContent-Length: 5\r\n\r\nhello",
    "PUT /f HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n",
    "HEAD / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
    "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.0 304 Not Modified\r\nContent-Length: 7\r\nETag:\"1\"\r\nConnection: close\r\n\r\n",
    "3\r\nabc\r\n0A;n=v\r\n0123456789\r\n000\r\nX-Sum: 1\r\n\r\n",
  ].map(latin1)

  @Test(arguments: 0..<UInt64(8))
  func mutationsKeepTheProperties(part: UInt64) {
    let chosen = ProcessInfo.processInfo.environment["SLUICE_SEED"].flatMap { UInt64($0) }
    let seed = chosen ?? UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "\r\n", "\n", "\r", " ", "\t", ":", ",", "%2e", "%2F", "/", "..", ";", "0", "\0", "close", "_", "Host: h\r\n",
    ].map(latin1)
    for _ in 0..<60 {
      var bytes = Self.seeds[Int(part) % Self.seeds.count]
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...9, using: &random)))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 20)], at: place)
        }
      }
      let failure = HTTP1Properties.firstFailure(of: bytes)
      #expect(failure == nil, "seed \(seed), part \(part): \(text(bytes))")
    }
  }

  @Test func unchangedSeedsKeepTheProperties() {
    for bytes in Self.seeds { #expect(HTTP1Properties.firstFailure(of: bytes) == nil) }
  }

  @Test func whatTheFuzzerFoundStaysFixed() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fuzz/Corpus/http1")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.contains { $0.hasPrefix("crash-") })
    for name in names {
      let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
      let failure = HTTP1Properties.firstFailure(of: bytes)
      #expect(failure == nil, "\(name)")
    }
  }
}
