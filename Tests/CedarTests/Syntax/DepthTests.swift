import Cedar
import Testing

/// Whatever is too deep has an error with a place, and what is not needs less than half a megabyte of stack.
@Suite struct DepthTests {
  /// Texts of a given depth, the outermost expression counted.
  private static let shapes: [(name: String, text: @Sendable (Int) -> String)] = [
    ("parentheses", { String(repeating: "(", count: $0 - 1) + "1" + String(repeating: ")", count: $0 - 1) }),
    ("sets", { String(repeating: "[", count: $0 - 1) + "1" + String(repeating: "]", count: $0 - 1) }),
    ("records", { String(repeating: "{a: ", count: $0 - 1) + "1" + String(repeating: "}", count: $0 - 1) }),
    ("calls", { String(repeating: "ip(", count: $0 - 1) + "1" + String(repeating: ")", count: $0 - 1) }),
    ("arguments", { String(repeating: "1.contains(", count: $0 - 1) + "1" + String(repeating: ")", count: $0 - 1) }),
    ("sums", { Array(repeating: "1", count: $0).joined(separator: " + ") }),
    ("products", { Array(repeating: "1", count: $0).joined(separator: " * ") }),
    ("attributes", { "principal" + String(repeating: ".a", count: $0 - 1) }),
    ("indexes", { "principal" + String(repeating: "[\"a\"]", count: $0 - 1) }),
    ("methods", { "principal" + String(repeating: ".isEmpty()", count: $0 - 1) }),
    ("has", { "principal has a" + String(repeating: ".a", count: $0 - 2) }),
    (
      "conditions",
      { String(repeating: "if ", count: $0 - 1) + "1" + String(repeating: " then 1 else 1", count: $0 - 1) }
    ),
    ("else", { String(repeating: "if 1 then 1 else ", count: $0 - 1) + "1" }),
    ("right", { String(repeating: "1 && (", count: $0 - 1) + "1" + String(repeating: ")", count: $0 - 1) }),
    (
      "mixed",
      {
        String(repeating: "(1 || 1 && 1 == 1 + 1 * ", count: ($0 - 1) / 5) + "1"
          + String(repeating: ")", count: ($0 - 1) / 5)
      }
    ),
    ("nots", { String(repeating: "!!!!(", count: ($0 - 1) / 4) + "1" + String(repeating: ")", count: ($0 - 1) / 4) }),
  ]

  @Test(arguments: shapes.map(\.name)) func isBounded(_ name: String) async throws {
    let shape = try #require(Self.shapes.first { $0.name == name }).text
    let failure = await Syntax.onThread(stackBytes: 512 << 10) {
      let start = "permit (principal, action, resource) when { "
      let text = start + shape(CedarLimits.expressionDepth) + " };"
      if let failure = PolicyProperties.firstFailure(of: Array(text.utf8)) { return failure }
      do { _ = try Policy.parse(text, id: "p") } catch { return "refused at the limit: \(error)" }
      for depth in [2 * CedarLimits.expressionDepth, 100_000] {
        do throws(SyntaxError) {
          _ = try Policy.parse(start + shape(depth) + " };", id: "p")
          return "parsed \(depth) levels"
        } catch {
          if error.position == .none || !error.message.contains("deeper than 128") { return error.description }
        }
      }
      return nil
    }
    #expect(failure == nil)
  }

  /// One more than the limit is too many, however it is written.
  @Test(arguments: ["parentheses", "sums", "attributes", "has", "else", "right"])
  func theLimitIsExact(_ name: String) throws {
    let shape = try #require(Self.shapes.first { $0.name == name }).text
    #expect(Syntax.error(shape(CedarLimits.expressionDepth)) == nil)
    #expect(Syntax.error(shape(CedarLimits.expressionDepth + 1)) != nil)
  }

  @Test func scopesMayHaveParentheses() {
    let many = 100_000
    let text = String(repeating: "(", count: many) + "User::\"a\"" + String(repeating: ")", count: many)
    #expect(Syntax.accepts("permit (principal == \(text), action, resource);"))
  }

  /// A level of JSON is two of braces; a chain nests without end there.
  @Test func jsonIsBounded() async {
    let failure = await Syntax.onThread(stackBytes: 512 << 10) {
      for (open, close) in [("{\"!\":{\"arg\":", "}}"), ("{\"Set\":[", "]}"), ("[", "]"), ("{\"a\":", "}")] {
        for depth in [100, 1_000, 100_000] {
          let body = String(repeating: open, count: depth) + "{\"Value\":1}" + String(repeating: close, count: depth)
          let json = """
            {"effect":"permit","principal":{"op":"All"},"action":{"op":"All"},"resource":{"op":"All"},
            "conditions":[{"kind":"when","body":\(body)}]}
            """
          do throws(SyntaxError) {
            _ = try Policy(json: Array(json.utf8), id: "p")
          } catch {
            if error.position == .none { return error.description }
          }
        }
      }
      return nil
    }
    #expect(failure == nil)
  }

  /// `has` with several names doubles nothing when it nests.
  @Test func nestedHasStaysSmall() throws {
    let text = String(repeating: "(", count: 60) + "principal" + String(repeating: " has a.b)", count: 60)
    let policy = try Policy.parse("permit (principal, action, resource) when { \(text) };", id: "p")
    #expect(policy.json.utf8.count < 10_000)
  }
}
