import Cedar
import SluiceModel

/// The policies of all files as one set. A policy goes by its `@id`, or else by its file and its number in it.
struct PolicyFiles {
  private(set) var set = PolicySet()
  /// What is said of each policy, by its id.
  private(set) var texts: [PolicyID: PolicyText] = [:]
  /// Where each id comes from; templates too.
  private(set) var origins: [PolicyID: (file: SourceFile, position: SourcePosition)] = [:]

  mutating func add(_ file: SourceFile, _ bytes: [UInt8], _ issues: inout AccessIssues) {
    let read: PolicySet
    do {
      read = try PolicySet(reading: bytes)
    } catch {
      return issues.add(AccessIssue(error.message, hint: error.hint, in: file, at: error.position, key: file.key))
    }
    // What the file calls its policies, and what they are called among those of all files.
    var names: [PolicyID: PolicyID] = [:]
    for template in read.templates {
      let id = id(of: template, file)
      names[template.id] = id
      add(template, id, file, &issues)
    }
    for policy in read.policies where policy.template == nil { add(policy, id(of: policy, file), file, &issues) }
    for link in read.links {
      guard let template = names[link.template] else { continue }
      add(link, template, PolicyID("\(file.name):\(link.id)"), file, &issues)
    }
    let linked = Set(read.links.map(\.template))
    for template in read.templates where !linked.contains(template.id) {
      var issue = AccessIssue(
        "the template decides nothing: no link fills its slots",
        hint: "links are part of the JSON form, in `templateLinks`", in: file, at: template.position, key: file.key)
      issue.isWarning = true
      issues.add(issue)
    }
  }

  private func id(of policy: Policy, _ file: SourceFile) -> PolicyID {
    if let id = policy.annotation("id"), !id.isEmpty { return PolicyID(id) }
    return PolicyID("\(file.name):\(policy.id)")
  }

  private mutating func add(_ policy: Policy, _ id: PolicyID, _ file: SourceFile, _ issues: inout AccessIssues) {
    var policy = policy
    policy.id = id
    do {
      try set.add(policy)
    } catch {
      return issues.add(issue(error, id, file, policy.position))
    }
    note(policy, file)
  }

  private mutating func add(
    _ link: TemplateLink, _ template: PolicyID, _ id: PolicyID, _ file: SourceFile, _ issues: inout AccessIssues
  ) {
    let position = origins[template]?.position ?? .none
    do {
      try set.link(TemplateLink(template: template, id: id, values: link.values))
    } catch {
      return issues.add(issue(error, id, file, position))
    }
    if let policy = set.policies.last { note(policy, file) }
  }

  /// What is said of a policy of the set.
  func text(of policy: Policy) -> PolicyText {
    texts[policy.id] ?? PolicyText(rule: policy.id.text, reason: "", file: "", place: "", isForbid: true)
  }

  private mutating func note(_ policy: Policy, _ file: SourceFile) {
    let isForbid = policy.effect == .forbid
    let reason = policy.annotation("reason") ?? ""
    var text = PolicyText(
      rule: policy.id.text, reason: reason.isEmpty ? "the policy \(policy.effect.rawValue)s it" : reason,
      file: file.name, place: file.name, isForbid: isForbid)
    text.place = text.place(policy.position)
    texts[policy.id] = text
    origins[policy.id] = (file, policy.position)
  }

  /// A finding of the validator.
  func issue(_ finding: ValidationFinding) -> AccessIssue {
    let environment = finding.environment.map { "policy `\(finding.policy)`, \($0)" } ?? "policy `\(finding.policy)`"
    let hint = (finding.expected.map { "expected \($0); " } ?? "") + environment
    guard let (file, position) = origins[finding.policy] else {
      return AccessIssue(finding.message, hint: hint, key: "policies")
    }
    return AccessIssue(
      finding.message, hint: hint, in: file, at: finding.position == .none ? position : finding.position, key: file.key)
  }

  private func issue(
    _ error: PolicySetError, _ id: PolicyID, _ file: SourceFile, _ position: SourcePosition
  ) -> AccessIssue {
    guard case .duplicateID = error, let first = origins[id] else {
      return AccessIssue(error.description, in: file, at: position, key: file.key)
    }
    let place = first.position == .none ? first.file.path : "\(first.file.path):\(first.position)"
    return AccessIssue(
      "the policy id `\(id)` is taken", hint: "it is first used at \(place)", in: file, at: position, key: file.key)
  }
}
