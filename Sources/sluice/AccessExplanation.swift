import SluiceModel

/// What `sluice explain` says of policies.
enum AccessExplanation {
  /// The policies that would have permitted it, and why they did not.
  static func nearest(_ finding: Finding) -> [String] {
    guard let nearest = finding.nearest else { return [] }
    guard !nearest.isEmpty else { return ["no policy comes near to permitting it"] }
    return ["what comes nearest to permitting it:"]
      + nearest.flatMap { ["- `\($0.policy)`: \($0.reason)", "  at \($0.place)"] }
  }

  /// What to do about a refusal.
  static func advice(_ finding: Finding) -> [String] {
    switch finding.rule {
    case "default":
      ["If this should be allowed, add a policy that permits it, or put who asks into a group that one is about."]
    case "unavailable": ["Look at the log of the gateway: it runs without policies."]
    default:
      [
        "The policy `\(finding.rule)` decided" + (finding.place.map { ", at \($0)" } ?? "")
          + ". If it is wrong, change it there."
      ]
    }
  }
}
