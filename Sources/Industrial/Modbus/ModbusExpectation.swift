/// What must hold of the reply to a request: small enough to keep while the request is in flight.
public struct ModbusExpectation: Sendable, Hashable {
  public let unit: UInt8
  public let functionCode: UInt8
  public let body: ModbusRequest.Body
  /// Bytes of data in the reply, where the body doesn't tell.
  let dataBytes: UInt8
  /// Fingerprint of the data to repeat, or of the lengths of the file records that were asked for.
  let digest: UInt64

  public init(_ request: ModbusRequest) {
    unit = request.header.unit
    functionCode = request.functionCode
    body = request.body
    switch request.body {
    case .diagnostic, .writeFile:
      dataBytes = UInt8(truncatingIfNeeded: request.payload.count)
      digest = request.payload.digest
    case .readFile:
      var hash = Fingerprint()
      var bytes = 0
      for offset in stride(from: 0, to: request.payload.count, by: 7) {
        let length = 1 + 2 * Int(request.payload.word(at: offset + 5))
        hash.add(UInt8(truncatingIfNeeded: length))
        bytes += 1 + length
      }
      dataBytes = UInt8(truncatingIfNeeded: bytes)
      digest = hash.value
    default:
      dataBytes = 0
      digest = 0
    }
  }
}
