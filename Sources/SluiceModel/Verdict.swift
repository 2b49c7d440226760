/// What the gate decided about an exchange or an operation.
public enum Verdict: String, Sendable, Codable, CaseIterable {
  /// Passed on.
  case allow
  /// Refused; the other side never saw it.
  case block
  /// The client was asked to prove something before it may pass.
  case challenge
  /// Passed on, though a guard in detect mode would have refused it.
  case detect
}

/// What a guard does when it cannot decide: its store is gone, its budget is spent, its record can't be written.
public enum FailureMode: String, Sendable, Codable, CaseIterable {
  case allow
  case deny
  case detect
}
