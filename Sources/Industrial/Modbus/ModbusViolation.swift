/// Bytes that are not Modbus/TCP as the standard has it.
public struct ModbusViolation: Error, Sendable, Hashable {
  /// What is wrong.
  public enum Kind: String, Sendable, CaseIterable {
    /// The header's protocol identifier isn't 0.
    case protocolIdentifier = "protocol-identifier"
    /// The header's length field is outside 2…254.
    case length
    /// The PDU ends before what its function needs.
    case truncated
    /// There are bytes after what the function needs.
    case trailingData = "trailing-data"
    /// Function code 0, or one above 127 in a request.
    case illegalFunction = "illegal-function"
    /// A quantity of 0 or above the function's limit.
    case quantity
    /// Start and quantity reach past the last address.
    case addressRange = "address-range"
    /// A byte count that doesn't fit the quantity or the bytes that follow.
    case byteCount = "byte-count"
    /// A field has a value that the standard doesn't allow.
    case value
    /// A file sub-request with a wrong reference type, file or record.
    case fileReference = "file-reference"
    /// The reply comes from another unit than the one asked.
    case unitMismatch = "unit-mismatch"
    /// The reply answers another function than the one asked.
    case functionMismatch = "function-mismatch"
    /// The reply answers another subfunction than the one asked.
    case subfunctionMismatch = "subfunction-mismatch"
    /// The reply must repeat a field of the request and doesn't.
    case echoMismatch = "echo-mismatch"
    /// A list of identification objects that doesn't fill the reply exactly.
    case objectList = "object-list"
  }

  public let kind: Kind
  /// The byte where it shows, counted from the frame's first byte.
  public let offset: Int

  public init(_ kind: Kind, at offset: Int) {
    self.kind = kind
    self.offset = offset
  }

  /// Whether the frame's boundaries can't be trusted, so that both connections must be closed.
  public var isFraming: Bool {
    kind == .protocolIdentifier || kind == .length
  }

  /// The exception that answers a request with this violation, where the framing is sound (AP 7).
  public var exception: ModbusException {
    switch kind {
    case .illegalFunction: .illegalFunction
    case .addressRange: .illegalDataAddress
    default: .illegalDataValue
    }
  }
}

extension ModbusViolation: CustomStringConvertible {
  public var description: String {
    let what =
      switch kind {
      case .protocolIdentifier: "the protocol identifier is not 0"
      case .length: "the length is outside 2 to 254"
      case .truncated: "the frame ends too early for its function"
      case .trailingData: "there is data after the end of the function"
      case .illegalFunction: "the function code is not valid here"
      case .quantity: "the quantity is outside the limit of the function"
      case .addressRange: "the range goes past the last address"
      case .byteCount: "the byte count does not fit"
      case .value: "the value is not allowed in this field"
      case .fileReference: "the file reference is not valid"
      case .unitMismatch: "the reply comes from another unit"
      case .functionMismatch: "the reply answers another function"
      case .subfunctionMismatch: "the reply answers another subfunction"
      case .echoMismatch: "the reply does not repeat the request"
      case .objectList: "the list of objects does not fill the reply"
      }
    return "\(what) (byte \(offset))"
  }
}
