import Access
import Cedar
import Control
import SluiceConfig

/// What changes from one set of policies and entities to another.
enum PolicyDiff {
  /// Longest text of a policy that is shown.
  private static let shownBytes = 400

  /// Changes of policies by their ids, then of the files of entities.
  static func between(_ old: PoliciesInForce, _ new: PoliciesInForce) -> [ConfigurationChange] {
    changes("policy", old.policies.map { ($0.id, $0.text) }, new.policies.map { ($0.id, $0.text) }, shows: true)
      + changes(
        "entity file", old.entityFiles.map { ($0.name, $0.digest) }, new.entityFiles.map { ($0.name, $0.digest) },
        shows: false)
  }

  private static func changes(
    _ section: String, _ olds: [(String, String)], _ news: [(String, String)], shows: Bool
  ) -> [ConfigurationChange] {
    let before = Dictionary(olds) { first, _ in first }
    let after = Dictionary(news) { first, _ in first }
    let removed = olds.filter { after[$0.0] == nil }.map { ConfigurationChange(.removed, section, $0.0) }
    let others: [ConfigurationChange] = news.compactMap { name, text in
      guard let old = before[name] else { return ConfigurationChange(.added, section, name) }
      guard old != text else { return nil }
      let values = shows ? [ConfigurationChange.Value(path: "text", old: line(old), new: line(text))] : []
      return ConfigurationChange(.changed, section, name, values)
    }
    return removed + others
  }

  /// A policy on one line, without its annotations.
  private static func line(_ text: String) -> String {
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("@") }
    let joined = lines.joined(separator: " ")
    return joined.utf8.count <= shownBytes
      ? joined : String(decoding: joined.utf8.prefix(shownBytes), as: UTF8.self) + "…"
  }
}

extension PoliciesInForce {
  /// - Parameter loaded: nil when the configuration has no policies.
  init(_ loaded: LoadedAccess?) {
    guard let loaded else {
      self.init()
      return
    }
    self.init(
      policies: zip(loaded.snapshot.texts, loaded.snapshot.engine.policies).map { text, policy in
        Policy(id: text.rule, effect: policy.effect.rawValue, place: text.place, text: policy.description)
      },
      entityFiles: loaded.entityFiles.map { File(name: $0.name, digest: $0.digest) })
  }
}
