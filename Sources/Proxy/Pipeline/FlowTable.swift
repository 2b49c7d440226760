import SluiceModel

/// A registered long-lived connection: what it is, and the means to close it.
protocol Flow: AnyObject {
  var flowStatus: FlowStatus { get }
  /// Closes the connection; the reason goes into its record.
  func closeFlow(reason: StaticString)
}

/// The flows of one event loop.
final class FlowTable {
  private var flows: [ExchangeID: any Flow] = [:]

  var count: Int { flows.count }

  func insert(_ flow: any Flow, id: ExchangeID) { flows[id] = flow }

  func remove(_ id: ExchangeID) { flows[id] = nil }

  var statuses: [FlowStatus] { flows.values.map(\.flowStatus) }

  /// - Returns: false when no flow has this id here.
  func close(_ id: ExchangeID, reason: StaticString) -> Bool {
    guard let flow = flows[id] else { return false }
    flow.closeFlow(reason: reason)
    return true
  }

  func closeAll(reason: StaticString) {
    for flow in Array(flows.values) { flow.closeFlow(reason: reason) }
  }
}
