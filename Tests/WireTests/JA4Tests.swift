import Foundation
import Testing
import Wire

@Suite struct JA4Tests {
  /// What ja4plus 1.4.0 (PyPI) says of the recorded clients.
  static let recorded = [
    ("cargo", "t13d3012h2_1d37bd780c83_882d495ac381"),
    ("chromium", "t13d1517h2_8daaf6152771_cb7bf5808d99"),
    ("curl", "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6"),
    ("curl-cffi-chrome", "t13d1516h2_8daaf6152771_806a8c22fdea"),
    ("curl-cffi-firefox", "t13d1717h2_5b57614c22b0_3cbfd9057e0d"),
    ("curl-cffi-safari", "t13d2013h2_a09f3c656075_7f0f34a4126d"),
    ("curl-no-sni", "t13i3111h2_e8f1e7e78f70_b26ce05bbdd6"),
    ("git", "t13d2912h2_723694b0fccc_288f874c93d6"),
    ("gnutls-cli", "t13d291300_723694b0fccc_2cc26d266019"),
    ("java", "t13d371200_db35923f8641_7c76daad20ec"),
    ("node", "t13d5911h1_a33745022dd6_1f22a2ca17c4"),
    ("openssl-s_client", "t13d311000_e8f1e7e78f70_1f22a2ca17c4"),
    ("openssl-s_client-tls12", "t12d280700_d943125447b4_e7e480e5a997"),
    ("pyopenssl-4", "t13d301100_1d37bd780c83_0d46a1bf4a7c"),
    ("python-ssl", "t13d181100_85036bcba153_d41ae481755e"),
    ("python-ssl-resuming", "t13d181100_85036bcba153_dbd39dd1d406"),
    ("python-ssl-ticket", "t12d150800_d68b136fe8d9_8932e62835fd"),
    ("wget", "t13d291300_723694b0fccc_899037bd0b8c"),
  ]

  private func hello(_ bytes: [UInt8]) throws -> ClientHello {
    var reader = ClientHelloReader()
    return try #require(try reader.read(bytes.span))
  }

  @Test func agreesOnRecordedClients() throws {
    for (name, fingerprint) in Self.recorded {
      #expect(JA4.fingerprint(of: try hello(try Seeds.tls(name))) == fingerprint, "\(name)")
    }
    #expect(try Seeds.clients() == Self.recorded.map(\.0).sorted())
  }

  /// The example of `technical_details/JA4.md`, with GREASE in every list.
  static var example: HelloRecipe {
    var recipe = HelloRecipe()
    recipe.ciphers = [
      0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
      0x002f, 0x0035,
    ]
    recipe.extensions = [
      (0x2a2a, []), (0x001b, []), HelloRecipe.serverName("plant.example"), HelloRecipe.keyShares([0x3a3a, 29]),
      HelloRecipe.protocols([latin1("h2")]), (0x4469, []), (0x0017, []), (0x002d, []),
      HelloRecipe.words(13, [0x4a4a, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]), (0x0005, []),
      (0x0023, []), (0x0012, []), HelloRecipe.versions([0x5a5a, 0x0304, 0x0303]), (0xff01, []), (0x000b, []),
      HelloRecipe.words(10, [29]), (0x6a6a, [0]), (0x0015, []),
    ]
    return recipe
  }

  @Test func agreesWithTheSpecification() throws {
    let hello = try #require(try Self.example.read())
    #expect(JA4.fingerprint(of: hello) == "t13d1516h2_8daaf6152771_e5627efa2ab1")
    #expect(JA4.fingerprint(of: hello, over: .quic) == "q13d1516h2_8daaf6152771_e5627efa2ab1")
    #expect(JA4.fingerprint(of: hello, over: .datagrams) == "d13d1516h2_8daaf6152771_e5627efa2ab1")
    #expect(
      JA4.rawFingerprint(of: hello) == "t13d1516h2_"
        + "002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_"
        + "0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_"
        + "0403,0804,0401,0503,0805,0501,0806,0601")
    var recipe = Self.example
    recipe.extensions?.removeAll { $0.type == 13 }
    recipe.extensions?.append((0x000d + 0x4000, []))
    let other = try #require(try recipe.read())
    #expect(JA4.rawFingerprint(of: other).hasSuffix(",400d,4469,ff01"))
  }

  /// GREASE alone is no signature algorithm, and without one there is no underscore.
  @Test func hashesExtensionsWithoutAlgorithms() throws {
    var recipe = Self.example
    recipe.extensions = recipe.extensions?.map { $0.type == 13 ? HelloRecipe.words(13, [0x4a4a]) : $0 }
    #expect(JA4.fingerprint(of: try #require(try recipe.read())) == "t13d1516h2_8daaf6152771_6d807ffa2a79")
  }

  @Test func saysZeroForWhatIsMissing() throws {
    #expect(
      JA4.fingerprint(of: try #require(try HelloRecipe(ciphers: [0x0a0a], extensions: nil).read()))
        == "t12i000000_000000000000_000000000000")
    let named = HelloRecipe(ciphers: [0x0a0a], extensions: [HelloRecipe.serverName("a"), (0x1a1a, [])])
    #expect(JA4.fingerprint(of: try #require(try named.read())) == "t12d000100_000000000000_000000000000")
    let addressed = HelloRecipe(ciphers: [0x0a0a], extensions: [HelloRecipe.serverName("192.0.2.1")])
    #expect(JA4.fingerprint(of: try #require(try addressed.read())).hasPrefix("t12d"))
  }

  @Test func countsToNinetyNine() throws {
    let recipe = HelloRecipe(ciphers: (1...120).map { $0 }, extensions: (100..<200).map { ($0, []) })
    #expect(JA4.fingerprint(of: try #require(try recipe.read())).hasPrefix("t12i999900_"))
  }

  private static let protocols: [(String, String)] = [
    ("h2", "h2"), ("http/1.1", "h1"), ("x", "xx"), ("Hq", "Hq"), ("\u{ab}", "ab"), ("\u{ab}\u{cd}", "ad"),
    ("0\u{ab}", "3b"), ("01\u{ab}\u{cd}", "3d"), ("0\u{ab}\u{cd}1", "01"), ("h-", "6d"), ("\n\n", "0a"),
  ]

  @Test(arguments: protocols)
  func showsTheFirstProtocol(name: String, shown: String) throws {
    let recipe = HelloRecipe(extensions: [HelloRecipe.protocols([latin1(name), latin1("zz")])])
    let fingerprint = JA4.fingerprint(of: try #require(try recipe.read()))
    #expect(fingerprint.dropFirst(8).prefix(2) == shown)
  }

  private static let versions: [(UInt16, String)] = [
    (0x0304, "13"), (0x0303, "12"), (0x0302, "11"), (0x0301, "10"), (0x0300, "s3"), (0xfeff, "d1"),
    (0xfefd, "d2"), (0xfefc, "d3"), (0x0002, "s2"), (0x0305, "00"),
  ]

  @Test(arguments: versions)
  func showsTheVersion(version: UInt16, shown: String) throws {
    let recipe = HelloRecipe(extensions: [HelloRecipe.versions([version, 0xfafa])])
    #expect(JA4.fingerprint(of: try #require(try recipe.read())).dropFirst().prefix(2) == shown)
  }
}

/// Beside ja4plus itself, where Python has it: `pip install ja4plus`; `PYTHON` names the interpreter.
/// Protocols are alphanumeric at both ends here; for others ja4plus 1.4.0 leaves the specification and Sluice doesn't.
@Suite struct JA4OracleTests {
  private static let program = """
    import sys
    from ja4plus import generate_ja4
    from ja4plus.utils.tls_utils import parse_tls_handshake
    for line in sys.stdin:
        print(generate_ja4(parse_tls_handshake(bytes.fromhex(line.strip()))))
    """

  private static let python: [String]? = {
    let local = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: ".build-tests/venv/bin/python").path
    let chosen = [ProcessInfo.processInfo.environment["PYTHON"], local, "python3"].compactMap { $0 }
    return chosen.map { ["env", $0] }.first { run($0 + ["-c", "import ja4plus"], input: "") != nil }
  }()

  /// - Returns: what it prints; nil when it fails.
  private static func run(_ arguments: [String], input: String) -> String? {
    let process = Process()
    let output = Pipe()
    let file = FileManager.default.temporaryDirectory.appending(path: "sluice-ja4-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    do {
      try Data(input.utf8).write(to: file)
      process.standardInput = try FileHandle(forReadingFrom: file)
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = Array(arguments.dropFirst())
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
    } catch {
      return nil
    }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }

  private static func randomHello(_ random: inout SeededGenerator) -> HelloRecipe {
    func values(_ most: Int) -> [UInt16] {
      (0..<Int.random(in: 1...most, using: &random)).map { _ in
        let nibble = UInt16.random(in: 0..<16, using: &random)
        return Int.random(in: 0..<5, using: &random) == 0
          ? nibble << 12 | nibble << 4 | 0x0a0a : UInt16.random(in: 0...0xffff, using: &random)
      }
    }
    var recipe = HelloRecipe(version: 0x0300 + UInt16.random(in: 0...5, using: &random), ciphers: values(120))
    guard Int.random(in: 0..<20, using: &random) > 0 else {
      recipe.extensions = nil
      return recipe
    }
    var known = [HelloRecipe.words(10, values(9)), HelloRecipe.words(13, values(12))]
    known.append(HelloRecipe.serverName("plant.example"))
    known.append(
      HelloRecipe.protocols([["h2", "http/1.1", "x", "Q9"].map(latin1).randomElement(using: &random) ?? []]))
    known.append(HelloRecipe.versions((0...4).map { 0x0300 + $0 }.shuffled(using: &random).suffix(3) + [0x7a7a]))
    var extensions = known.filter { _ in Bool.random(using: &random) }
    for type in Set(values(Bool.random(using: &random) ? 12 : 90))
    where ![0, 10, 13, 16, 41, 42, 43, 51].contains(type) {
      extensions.append((type, [1]))
    }
    recipe.extensions = extensions.shuffled(using: &random)
    return recipe
  }

  @Test(.enabled(if: python != nil, "needs the Python package ja4plus"))
  func agreesWithJA4Plus() throws {
    let python = try #require(Self.python)
    let seed = chosenSeed()
    var random = SeededGenerator(seed: seed)
    var hellos = try JA4Tests.recorded.map { try Seeds.tls($0.0) }
    for _ in 0..<300 { hellos.append(Self.randomHello(&random).bytes) }
    let input = hellos.map { $0.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\n" }
    let output = try #require(Self.run(python + ["-c", Self.program], input: input.joined()))
    let expected = output.split(separator: "\n")
    #expect(expected.count == hellos.count)
    for (bytes, fingerprint) in zip(hellos, expected) {
      var reader = ClientHelloReader()
      let hello = try #require(try reader.read(bytes.span), "seed \(seed)")
      #expect(JA4.fingerprint(of: hello) == fingerprint, "seed \(seed): \(JA4.rawFingerprint(of: hello))")
    }
  }
}
