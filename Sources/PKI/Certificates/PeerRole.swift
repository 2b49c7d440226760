/// What a certificate says about its holder's role for Modbus operations (MODBUS/TCP Security, extension
/// 1.3.6.1.4.1.50316.802.1).
public enum PeerRole: Sendable, Equatable {
  /// No extension: no role.
  case none
  case role(String)
  /// The extension is there and can't be trusted: refuse, or treat as no role and say so.
  case invalid(PeerRoleProblem)

  /// The role's name; nil without a sound one.
  public var name: String? { if case .role(let name) = self { name } else { nil } }
}

/// Why a role extension is refused.
public enum PeerRoleProblem: String, Sendable, Equatable, CaseIterable {
  /// More than one role extension.
  case duplicate
  case empty
  /// Longer than `PKILimits.roleBytes`.
  case tooLong
  /// A string of another type, as PrintableString.
  case wrongType
  /// Not exactly one DER element: raw bytes, or bytes after it.
  case malformed
  case notUTF8
  case controlCharacter

  /// A short phrase for records.
  public var phrase: StaticString {
    switch self {
    case .duplicate: "two modbus roles"
    case .empty: "empty modbus role"
    case .tooLong: "modbus role too long"
    case .wrongType: "modbus role is not a utf8string"
    case .malformed: "malformed modbus role"
    case .notUTF8: "modbus role is not utf-8"
    case .controlCharacter: "control character in modbus role"
    }
  }
}

extension PeerRole {
  /// - Parameter value: the content of the extension's OCTET STRING.
  init(extensionValue value: ArraySlice<UInt8>) {
    var reader = DERReader(Array(value))
    guard let element = try? reader.next(), reader.isAtEnd else {
      self = .invalid(.malformed)
      return
    }
    guard element.tag == DERReader.Tag.utf8String else {
      // The other string types: NumericString to BMPString.
      self = .invalid((0x12...0x1e).contains(element.tag) ? .wrongType : .malformed)
      return
    }
    let bytes = reader.bytes[element.content]
    if bytes.isEmpty {
      self = .invalid(.empty)
    } else if bytes.count > PKILimits.roleBytes {
      self = .invalid(.tooLong)
    } else if let text = String(validating: bytes, as: UTF8.self) {
      self = Self.isPlain(text) ? .role(text) : .invalid(.controlCharacter)
    } else {
      self = .invalid(.notUTF8)
    }
  }

  /// Whether a text has no control characters and no line or paragraph separators.
  static func isPlain(_ text: String) -> Bool {
    !text.unicodeScalars.contains {
      [.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
    }
  }
}
