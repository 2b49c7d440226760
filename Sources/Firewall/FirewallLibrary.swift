package import SecLang
package import SluiceModel
import Synchronization

/// The compiled rules of all firewall filters: each set compiled once, and shared by routes, event loops and reloads.
///
/// Sets are made when a configuration is checked, before it takes effect; filters only look them up.
package final class FirewallLibrary: Sendable {
  private struct Entry {
    var rules: LoadedRules
    /// Their values that rules decide by.
    var variables: FirewallVariables
    var isInUse = false
  }

  /// Values that outlive exchanges: `IP`, `SESSION` and their like, the same for all loops and over reloads.
  package let collections = CollectionStore()
  package let workspaces: WorkspacePool
  private let entries = Mutex<[FirewallFilterConfiguration: Entry]>([:])

  package init() { workspaces = WorkspacePool(collections: collections) }

  /// Reads the rules of a filter, and compiles them unless a set of the same text is there.
  ///
  /// - Throws: what is wrong with the rules.
  package func load(_ configuration: FirewallFilterConfiguration) throws(RuleIssues) -> LoadedRules {
    let key = Self.key(configuration)
    let known = entries.withLock { $0[key]?.rules }
    let options = FirewallOptions(key)
    if let known, let digest = FirewallLoader.digest(key.rules, options: options, data: known.data),
      digest == known.digest
    {
      return known
    }
    let rules = try FirewallLoader.load(key.rules, options: options)
    let entry = Entry(rules: rules, variables: FirewallVariables(rules.set))
    entries.withLock { $0[key] = entry }
    return rules
  }

  /// The rules of a filter as they were last loaded; nil when they never were.
  package func rules(
    _ configuration: FirewallFilterConfiguration
  ) -> (set: RuleSet, variables: FirewallVariables)? {
    let key = Self.key(configuration)
    let entry = entries.withLock { entries in
      let entry = entries[key]
      entries[key]?.isInUse = true
      return entry
    }
    guard let entry else { return nil }
    if !entry.isInUse { entry.rules.attachDatabases() }
    return (entry.rules.set, entry.variables)
  }

  /// Forgets the sets of all other filters; exchanges under way keep theirs.
  package func keep(_ configurations: [FirewallFilterConfiguration]) {
    let keys = Set(configurations.map(Self.key))
    entries.withLock { entries in entries = entries.filter { keys.contains($0.key) } }
  }

  /// What makes a difference to the compiled rules. The mode does not: transactions have it from their filters.
  private static func key(_ configuration: FirewallFilterConfiguration) -> FirewallFilterConfiguration {
    var key = FirewallFilterConfiguration()
    key.rules = configuration.rules
    key.paranoia = configuration.paranoia
    key.detectionParanoia = configuration.detectionParanoia
    key.inboundThreshold = configuration.inboundThreshold
    key.outboundThreshold = configuration.outboundThreshold
    key.requestBody = configuration.requestBody
    key.requestBody.memoryBytes = 0
    key.responseBody = configuration.responseBody
    key.customRules = configuration.customRules
    key.rulesAfter = configuration.rulesAfter
    key.exclusions = configuration.exclusions.map { exclusion in
      var exclusion = exclusion
      exclusion.comment = nil
      return exclusion
    }
    key.set = configuration.set
    return key
  }
}

/// The variables of `TX` in which releases 3 and 4 of the core rule set keep scores and thresholds.
package struct FirewallVariables: Sendable {
  package let inbound: [TXVariable]
  package let inboundThreshold: TXVariable?
  package let outbound: [TXVariable]
  package let outboundThreshold: TXVariable?

  init(_ rules: RuleSet) {
    inbound = ["blocking_inbound_anomaly_score", "anomaly_score"].compactMap { TXVariable($0, in: rules) }
    outbound = ["blocking_outbound_anomaly_score", "outbound_anomaly_score"].compactMap { TXVariable($0, in: rules) }
    inboundThreshold = TXVariable("inbound_anomaly_score_threshold", in: rules)
    outboundThreshold = TXVariable("outbound_anomaly_score_threshold", in: rules)
  }
}

/// Workspaces for worker threads: as many as ever worked at a time.
package final class WorkspacePool: Sendable {
  // invariant: a workspace in here is used by nobody; whoever takes it out is the only one to use it until it comes back.
  private struct Resting: @unchecked Sendable { let workspace: Workspace }

  private let resting = Mutex<[Resting]>([])
  private let collections: CollectionStore

  init(collections: CollectionStore) { self.collections = collections }

  package func take() -> Workspace {
    if let found = resting.withLock({ $0.popLast() }) { return found.workspace }
    return .system(timeBudgetNanoseconds: .max, collections: collections)
  }

  package func giveBack(_ workspace: consuming Workspace) {
    let resting = Resting(workspace: workspace)
    self.resting.withLock { if $0.count < 64 { $0.append(resting) } }
  }
}
