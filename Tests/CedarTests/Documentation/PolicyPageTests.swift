import Access
import Cedar
import Foundation
import Testing
import sluice

/// docs/policy.md is true: its policies are valid, and its answers are those of the engine.
@Suite struct PolicyPageTests {
  /// A request with its answers: the lines behind its block that begin with an arrow.
  struct Example {
    var line: Int
    var policies: MarkdownPage.Block
    var request: String
    var answers: [String]
  }

  struct Page {
    var policies: [MarkdownPage.Block] = []
    var entities = ""
    var examples: [Example] = []

    init() throws {
      for block in try MarkdownPage("docs/policy.md").blocks {
        switch block.language {
        case "cedar": policies.append(block)
        case "json" where block.text.hasPrefix("["): entities = block.text
        case "json":
          let answers = block.after.filter { $0.hasPrefix("→ ") }
          examples.append(
            Example(line: block.line, policies: try #require(policies.last), request: block.text, answers: answers))
        default: break
        }
      }
    }
  }

  private static func file(_ name: String, _ text: String) -> PolicyFile {
    PolicyFile(name: name, bytes: Array(text.utf8))
  }

  @Test func policiesAreValid() throws {
    let page = try Page()
    #expect(page.policies.count > 8)
    for block in page.policies {
      let report = PolicyValidation(
        policies: [Self.file("docs/policy.md:\(block.line)", block.text)], schema: PolicyFile.builtInSchema
      ).report()
      #expect(report.ok && report.warnings.isEmpty, "\((report.errors + report.warnings).map(\.text))")
    }
  }

  @Test func answersAreThoseOfTheEngine() throws {
    let page = try Page()
    #expect(page.examples.count > 12)
    for example in page.examples {
      #expect(!example.answers.isEmpty, "docs/policy.md:\(example.line): no answer follows")
      for answer in example.answers { try check(answer, example, entities: page.entities) }
    }
  }

  /// `→ **Allow** by `id`.` names all policies that decided, `→ **Deny**, because `id` fails.` the one that failed.
  private func check(_ answer: String, _ example: Example, entities: String) throws {
    let place: Comment = "docs/policy.md:\(example.line): \(answer)"
    let report = PolicyEvaluation(
      policies: [Self.file("policies", example.policies.text)], entities: Self.file("entities", entities),
      request: Self.file("request", example.request), schema: PolicyFile.builtInSchema
    ).report(mode: answer.contains("`onPolicyError: skip`") ? .skip : .deny, explains: false)
    let wanted = try #require(answer.wholeMatch(of: /→ \*\*(Allow|Deny)\*\*(.*)/), place)
    #expect(report.decision.rawValue == wanted.1, "\(place.rawValue) \(report.messages)")
    // Policies go by their `@id` on the page and by their number in the report.
    func named(_ ids: [String]) -> Set<String> { Set(ids.map { report.names[$0] ?? $0 }) }
    if let deciding = wanted.2.firstMatch(of: /by `([^`]+)`/) {
      #expect(named(report.reason) == [String(deciding.1)], place)
    } else {
      #expect(report.reason.isEmpty, place)
    }
    if let failing = wanted.2.firstMatch(of: /because `([^`]+)` fails/) {
      #expect(named(report.errors) == [String(failing.1)], place)
    }
  }

  /// What the page says of `sluice policy` is what there is.
  @Test func commandsAreThose() throws {
    let page = try MarkdownPage("docs/policy.md")
    let lines = page.blocks.filter { $0.language == "sh" }.flatMap(\.lines)
    let commands = lines.compactMap { $0.firstMatch(of: /sluice policy (\w+)/)?.1 }
    #expect(Set(commands) == ["validate", "format", "eval"])
  }
}
