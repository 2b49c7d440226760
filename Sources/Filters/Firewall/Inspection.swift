import Firewall
import Proxy
import SecLang

/// What a firewall filter knows of one exchange: the transaction and how far it has come.
final class Inspection {
  let transaction: Transaction
  /// The workspace of the event loop.
  private let home: Workspace
  /// The request's head was evaluated.
  var hasBegun = false
  var requestHold: BodyHold?
  var replyHold: BodyHold?
  /// Bodies past their limit are refused.
  var refusesLongRequest = false
  var refusesLongReply = false
  /// Bytes of bodies that count towards the loop's bound.
  var reservedBytes = 0
  /// A worker has the transaction: nobody else touches it.
  var isAway = false
  /// The exchange ended meanwhile.
  var isAbandoned = false
  /// Why the rules could not decide; the first reason stands.
  var problem: InspectionProblem?
  /// `onError` was asked what follows from the problem.
  var isProblemAnswered = false
  var keptRequestBody: HeldBody?
  var keptReplyBody: HeldBody?

  init(_ rules: RuleSet, workspace: Workspace) {
    home = workspace
    transaction = Transaction(rules, workspace: workspace)
  }

  func reset(_ rules: RuleSet) {
    transaction.reset(rules)
    hasBegun = false
    requestHold = nil
    replyHold = nil
    refusesLongRequest = false
    refusesLongReply = false
    reservedBytes = 0
    isAway = false
    isAbandoned = false
    problem = nil
    isProblemAnswered = false
    keptRequestBody = nil
    keptReplyBody = nil
  }

  /// Does what is to be done with a body on the thread of a worker.
  func onWorker(_ workspaces: WorkspacePool, _ body: () -> Void) {
    let workspace = workspaces.take()
    transaction.move(to: workspace)
    body()
    transaction.move(to: home)
    workspaces.giveBack(workspace)
  }

  /// Phase 2 with a body.
  func inspectRequest(_ body: Span<UInt8>, isWhole: Bool, coding: [UInt8], budgetNanoseconds: UInt64) {
    let start = SystemTime.nanoseconds()
    transaction.limitTime(toNanoseconds: budgetNanoseconds)
    let limit = transaction.requestBodyLimit
    let isCut: Bool
    if let plain = decoded(body, coding, isWhole: isWhole, limit: limit) {
      isCut = !isWhole && plain.count <= limit
      _ = transaction.requestBody(plain.span)
    } else {
      isCut = !isWhole
      _ = transaction.requestBody(body)
    }
    if isCut { transaction.cutRequestBody() }
    transaction.addTime(nanoseconds: SystemTime.nanoseconds() &- start, phase: 2)
    if transaction.intervention == nil { _ = transaction.evaluateRequestBody() }
  }

  /// Phase 4 with a body.
  func inspectReply(_ body: Span<UInt8>, isWhole: Bool, coding: [UInt8], budgetNanoseconds: UInt64) {
    let start = SystemTime.nanoseconds()
    transaction.limitTime(toNanoseconds: budgetNanoseconds)
    if let plain = decoded(body, coding, isWhole: isWhole, limit: transaction.rules.settings.responseBodyLimit) {
      _ = transaction.responseBody(plain.span)
    } else {
      _ = transaction.responseBody(body)
    }
    if !isWhole { transaction.cutResponseBody() }
    transaction.addTime(nanoseconds: SystemTime.nanoseconds() &- start, phase: 4)
    if transaction.intervention == nil { _ = transaction.evaluateResponseBody() }
  }

  /// A body without its codings, as far as one byte past the limit, so that what is longer is seen to be; nil when it has
  /// none.
  private func decoded(_ body: Span<UInt8>, _ coding: [UInt8], isWhole: Bool, limit: Int) -> [UInt8]? {
    guard !coding.isEmpty else { return nil }
    var plain: [UInt8] = []
    var limits = DecompressionLimits()
    limits.outputBytes = limit < Int.max ? limit + 1 : limit
    do throws(DecompressionError) {
      var decompressor = try Decompressor(contentEncoding: coding.span, limits: limits)
      if decompressor.isIdentity { return nil }
      try decompressor.decompress(body, into: &plain)
      if isWhole { try decompressor.finish() }
    } catch {
      // What is too long is what the rules' limit is for.
      if error != .size || plain.count <= limit { note(InspectionProblem(error)) }
    }
    return plain
  }

  func note(_ problem: InspectionProblem) {
    if self.problem == nil { self.problem = problem }
  }

  /// What keeps the rules from deciding, if anything.
  var outcome: InspectionProblem? {
    if let problem { return problem }
    switch transaction.failure {
    case .timeBudget: return .timeBudget
    case .matchLimit: return .matchLimit
    case nil: return nil
    }
  }
}

/// Why the rules can't decide, by the name that findings have for it.
enum InspectionProblem: String {
  case timeBudget, matchLimit, memory, queue, coding, decompression

  init(_ error: DecompressionError) {
    switch error {
    case .unsupported: self = .coding
    case .ratio, .size, .layers, .malformed: self = .decompression
    }
  }

  var reason: String {
    switch self {
    case .timeBudget: "the rules used up their time"
    case .matchLimit: "a regular expression reached its limit"
    case .memory: "the bodies under inspection fill their memory"
    case .queue: "the workers have no room for the body"
    case .coding: "the body has a coding that can't be undone"
    case .decompression: "the body can't be decompressed within bounds"
    }
  }
}

/// What the firewall filters of one event loop share.
final class FirewallShared {
  /// Transactions at rest that are kept.
  private static let resting = 256

  let workspace: Workspace
  /// Bytes of bodies that filters of this loop may have held at the moment.
  private(set) var heldBytes = 0
  private var inspections: [Inspection] = []

  init(_ library: FirewallLibrary) {
    workspace = .system(timeBudgetNanoseconds: .max, collections: library.collections)
  }

  func take(_ rules: RuleSet) -> Inspection {
    guard let inspection = inspections.popLast() else { return Inspection(rules, workspace: workspace) }
    inspection.reset(rules)
    return inspection
  }

  func giveBack(_ inspection: Inspection) {
    // One that had a large body has grown with it.
    let isSmall = inspection.reservedBytes <= FirewallFilter.inlineBytes
    heldBytes -= inspection.reservedBytes
    inspection.reservedBytes = 0
    inspection.keptRequestBody = nil
    inspection.keptReplyBody = nil
    if isSmall, inspections.count < Self.resting { inspections.append(inspection) }
  }

  /// - Returns: false when so many bytes more would be past the bound.
  func reserve(_ bytes: Int, _ inspection: Inspection, bound: Int) -> Bool {
    guard bytes <= bound &- heldBytes else { return false }
    heldBytes += bytes
    inspection.reservedBytes += bytes
    return true
  }
}
