import Testing
import Wire

@Suite struct TLSRandomTests {
  @Test(arguments: 0..<UInt64(8))
  func mutationsKeepTheProperties(part: UInt64) throws {
    let seed = chosenSeed()
    var random = SeededGenerator(seed: seed &+ part)
    var names = try Seeds.names("tls").filter { !$0.contains("big") }
    names.shuffle(using: &random)
    for name in names.prefix(6) {
      let original = try Seeds.tls(name)
      for _ in 0..<4 {
        let bytes = mutated(original, using: &random)
        let failure = TLSProperties.firstFailure(of: bytes)
        #expect(failure == nil, "seed \(seed), part \(part), \(name): \(bytes)")
      }
    }
  }

  /// Lengths are what a reader trips over: each byte of a hello with every value near its own and at both ends.
  @Test func everyByteMayChange() {
    let original = JA4Tests.example.bytes
    for place in original.indices {
      for value in [0, 1, original[place] &- 1, original[place] &+ 1, 0x7f, 0x80, 0xff] {
        var bytes = original
        bytes[place] = value
        let whole = TLSProperties.outcome(bytes)
        if case .hello(let hello, let length) = whole {
          #expect(length <= bytes.count && hello.extensions.count <= 18)
        }
      }
    }
  }

  @Test func whatTheFuzzerFoundStaysFixed() throws {
    let names = try Seeds.names("tls")
    #expect(names.count >= 30)
    for name in names {
      let failure = TLSProperties.firstFailure(of: try Seeds.tls(name))
      #expect(failure == nil, "\(name)")
    }
  }
}
