package import Cedar
package import Industrial
package import SluiceModel

/// Who asks, from where and when.
package struct Caller {
  package var client: IPAddress
  package var tls: TLSFacts?
  /// The name of the listener.
  package var listener: String
  package var unixMilliseconds: UInt64

  package init(client: IPAddress, tls: TLSFacts?, listener: String, unixMilliseconds: UInt64) {
    self.client = client
    self.tls = tls
    self.listener = listener
    self.unixMilliseconds = unixMilliseconds
  }
}

/// Puts questions to policies: one for each event loop, one question after another. It allocates nothing once it has served
/// a few.
package final class Decider {
  /// The last question and what it came to.
  package let frame = RequestFrame()
  private var text: [UInt8] = []

  package init() {}

  // MARK: HTTP

  /// Decides about a request. What it came to is in `frame`.
  /// - Parameters:
  ///   - host: as it came, without the port.
  ///   - path: in normal form, without the query.
  package func request(
    _ snapshot: PolicySnapshot, _ caller: Caller, _ action: HTTPAction, route: EntityID?, method: Span<UInt8>,
    host: Span<UInt8>, path: Span<UInt8>, mode: PolicyEngine.ErrorMode
  ) -> Bool {
    begin(snapshot, caller)
    frame.action = snapshot.httpActions[action.rawValue]
    let resource = frame.entity(snapshot.pathType, id: path)
    frame.resource = resource
    if let route { join(resource, route) }
    let context = snapshot.context
    if let name = context.method { frame.set(name, string: method) }
    if let name = context.path { frame.set(name, string: path) }
    if let name = context.host {
      text.removeAll(keepingCapacity: true)
      for index in host.indices { text.append((host[index] &- 0x41) < 26 ? host[index] | 0x20 : host[index]) }
      if text.last == 0x2e { text.removeLast() }
      let host = text
      frame.set(name, string: host.span)
    }
    return snapshot.engine.decide(frame, mode: mode)
  }

  // MARK: Modbus

  /// Decides about a request, part by part: each stretch of addresses that lies in a point or in none, of each operation.
  /// - Parameter decided: called after each part, with `frame` as it was decided; false ends it.
  /// - Returns: whether all parts are allowed.
  package func request(
    _ snapshot: PolicySnapshot, _ caller: Caller, _ request: ModbusRequest, on asset: AssetEntities,
    mode: PolicyEngine.ErrorMode, decided: (ModbusPart, Bool) -> Bool
  ) -> Bool {
    var cursor = ModbusOperationCursor()
    var isAllowed = true
    var isEmpty = true
    var last: ModbusOperation?
    while let operation = request.nextOperation(&cursor) {
      // What an operation does twice without addresses is one question.
      if operation.addresses == nil, let last, last.addresses == nil { continue }
      last = operation
      isEmpty = false
      var part = ModbusPart(operation, of: request, on: asset)
      while true {
        let isPartAllowed = decide(snapshot, caller, request, part, on: asset, mode)
        if !isPartAllowed { isAllowed = false }
        guard decided(part, isPartAllowed) else { return isAllowed }
        guard let next = part.next(of: request, on: asset) else { break }
        part = next
      }
    }
    return isAllowed && !isEmpty
  }

  private func decide(
    _ snapshot: PolicySnapshot, _ caller: Caller, _ request: ModbusRequest, _ part: ModbusPart,
    on asset: AssetEntities, _ mode: PolicyEngine.ErrorMode
  ) -> Bool {
    begin(snapshot, caller)
    frame.action = snapshot.modbusActions[part.action.number]
    frame.resource = part.point.map { asset.points[$0] } ?? asset.asset
    let context = snapshot.context
    if let name = context.unit { frame.set(name, long: Int64(request.header.unit)) }
    if let name = context.function { frame.set(name, long: Int64(request.functionCode)) }
    if let addresses = part.addresses {
      if let name = context.address { frame.set(name, long: Int64(addresses.lowerBound)) }
      if let name = context.count { frame.set(name, long: Int64(addresses.count)) }
    }
    if let name = context.file, let file = part.operation.file { frame.set(name, long: Int64(file)) }
    if let table = part.table {
      if let name = context.table { set(name, table.rawValue) }
      if context.minimumValue != nil || context.maximumValue != nil, let values = part.values(of: request) {
        if let name = context.minimumValue { frame.set(name, long: Int64(values.lowerBound)) }
        if let name = context.maximumValue { frame.set(name, long: Int64(values.upperBound)) }
      }
    }
    return snapshot.engine.decide(frame, mode: mode)
  }

  // MARK: Who

  private func begin(_ snapshot: PolicySnapshot, _ caller: Caller) {
    frame.begin(snapshot.engine)
    let principal = principal(snapshot.types, caller)
    frame.principal = principal
    let zone = snapshot.zones.zone(of: caller.client).map { snapshot.zoneIDs[$0] }
    if let zone { join(principal, zone) }
    let context = snapshot.context
    if let name = context.zone, let zone { frame.set(name, entity: zone) }
    if let name = context.sourceAddress { frame.set(name, ip: IPNetwork(caller.client)) }
    if let name = context.time {
      frame.set(name, datetime: Datetime(milliseconds: Int64(clamping: caller.unixMilliseconds)))
    }
    if let name = context.listener { set(name, caller.listener) }
    if let name = context.postQuantum { frame.set(name, bool: caller.tls?.group?.isPostQuantum ?? false) }
    guard let tls = caller.tls else { return }
    if let name = context.tlsVersion { set(name, tls.version.description) }
    if let name = context.tlsGroup, let group = tls.group { set(name, group.description) }
    guard let peer = tls.peer else { return }
    if let name = context.certificateIssuer { set(name, peer.issuer) }
    if let name = context.certificateFingerprint { set(name, peer.fingerprint) }
    if let name = context.role, let role = peer.modbusRole { set(name, role) }
  }

  /// A certificate without a name in it goes by its fingerprint, as in the logs.
  private func principal(_ types: PrincipalTypes, _ caller: Caller) -> EntityID {
    guard let peer = caller.tls?.peer else {
      let client = caller.client.text
      return frame.entity(types.client, id: client.bytes.span.extracting(0..<client.count))
    }
    let id = peer.principal
    let type = peer.spiffeID == nil ? types.certificate : types.service
    let bytes = id.utf8.span
    let entity = frame.entity(type, id: bytes)
    return entity
  }

  private func join(_ entity: EntityID, _ parent: EntityID) {
    let parents: InlineArray<1, EntityID> = [parent]
    frame.join(entity, parents.span)
  }

  private func set(_ name: AttributeID, _ text: String) {
    let bytes = text.utf8.span
    frame.set(name, string: bytes)
  }
}

extension IPNetwork {
  fileprivate init(_ address: IPAddress) {
    let isV4 = address.isV4
    self.init(
      address: isV4 ? UInt128(address.low & 0xffff_ffff) : address.bits, isV6: !isV4, prefix: isV4 ? 32 : 128)
  }
}
