import CHyperscan

/// Whether the Hyperscan library that this process runs with may be used.
///
/// A library of the same name and interface, Vectorscan 5.4.9, misses matches from byte 64 of a value on where the
/// processor has AVX512-VBMI. A filter that misses is a hole, so the library must be one of Hyperscan's own releases
/// and pass a test.
package enum HyperscanLibrary {
  /// Why it can't be used; nil where it can.
  package static let refusal: String? = {
    guard hs_valid_platform() == HS_SUCCESS else { return "the processor lacks what hyperscan needs (ssse3)" }
    guard releases.contains(where: { version.hasPrefix($0) }) else {
      return "hyperscan is `\(version)`, not one of the releases 5.4.0 to 5.4.2"
    }
    return test()
  }()

  /// What the library says of itself.
  package static let version: String = {
    // invariant: hs_version returns a constant string of the library that ends in NUL.
    guard let text = hs_version() else { return "" }
    return String(cString: text)
  }()

  private static let releases = ["5.4.0 ", "5.4.1 ", "5.4.2 "]

  /// A pattern and the shortest text that it matches.
  private static let probes: [(pattern: String, text: String)] = [
    ("a", "a"), ("ab", "ab"), ("<script", "<script"), ("(?i)union", "UnIoN"), ("[0-9]{3}", "123"), ("x\\s*=", "x ="),
    ("(?i)(?:select|insert|update)", "Insert"), ("etc/(?:passwd|shadow)", "etc/shadow"), ("\\$\\{[^}]+\\}", "${a}"),
    ("a[\"']*b[\"']*c", "a'b\"c"), ("(?:^|[;|])\\s*cat\\b", ";cat"),
  ]

  private static let literals = ["etc/passwd", "cat", "x", "<?"]

  /// Looks for short texts at each offset of values of several lengths.
  private static func test() -> String? {
    var scratch: OpaquePointer?
    defer { hs_free_scratch(scratch) }
    for probe in probes {
      let database = HyperscanDatabase.compile(Array(probe.pattern.utf8))
      defer { hs_free_database(database) }
      if let refusal = test(database, probe.pattern, probe.text, &scratch) { return refusal }
    }
    let database = HyperscanDatabase.compile(literals.map { Array($0.utf8) })
    defer { hs_free_database(database) }
    for literal in literals {
      if let refusal = test(database, literal, literal.uppercased(), &scratch) { return refusal }
    }
    return nil
  }

  private static func test(
    _ database: OpaquePointer?, _ pattern: String, _ text: String, _ scratch: inout OpaquePointer?
  ) -> String? {
    guard let database else { return "hyperscan doesn't compile `\(pattern)`" }
    guard hs_alloc_scratch(database, &scratch) == HS_SUCCESS, let scratch else { return "hyperscan has no memory" }
    let text = Array(text.utf8)
    for offset in 0...300 {
      for tail in [0, 1, 40, 300] {
        var value = [UInt8](repeating: UInt8(ascii: "_"), count: offset + text.count + tail)
        value.replaceSubrange(offset..<offset + text.count, with: text)
        // A word ends where the tail begins.
        if tail > 0 { value[offset + text.count] = UInt8(ascii: " ") }
        if HyperscanDatabase.scan(database, value.span, scratch) != .match {
          return "hyperscan misses `\(pattern)` at byte \(offset) of \(value.count)"
        }
      }
    }
    return nil
  }
}
