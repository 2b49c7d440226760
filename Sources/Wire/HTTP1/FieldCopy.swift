/// Changes that filters make to a head before it is sent on.
public struct FieldEdits: Sendable {
  /// Lower-case names whose lines are left out.
  public private(set) var removed: [[UInt8]] = []
  /// Whole lines, CRLF included, to add at the end.
  public private(set) var added: [UInt8] = []

  public init() {}

  public var isEmpty: Bool { removed.isEmpty && added.isEmpty }

  /// Leaves out all lines with this name.
  public mutating func remove(_ name: some Sequence<UInt8>) {
    removed.append(name.map { HTTPSyntax.lowercased($0) })
  }

  /// Adds a line. Name and value must be valid field syntax; the configuration sees to it.
  public mutating func add(_ name: some Sequence<UInt8>, _ value: some Sequence<UInt8>) {
    added.append(contentsOf: name)
    added.append(": ")
    added.append(contentsOf: value)
    added.append("\r\n")
  }

  /// Replaces all lines with this name by one.
  public mutating func set(_ name: some Collection<UInt8>, _ value: some Sequence<UInt8>) {
    remove(name)
    add(name, value)
  }

  public mutating func reset() {
    removed.removeAll(keepingCapacity: true)
    added.removeAll(keepingCapacity: true)
  }

  fileprivate func removes(_ field: HeaderField, _ bytes: Span<UInt8>) -> Bool {
    for name in removed where name.count == Int(field.nameLength) {
      if bytes.equalsIgnoringCase(Int(field.nameOffset), name.span, 0, length: name.count) { return true }
    }
    return false
  }
}

/// Which fields of a head are sent on.
public struct FieldPolicy: Sendable {
  /// Bit per `FieldKind`.
  private var kept: UInt64 = 0
  public var keepsUnderscores = true

  /// Everything but what ends at this hop or is written anew.
  public init(keeping kinds: [FieldKind]) {
    for kind in kinds + [.other] { kept |= 1 << UInt64(kind.rawValue) }
  }

  @inline(__always)
  func keeps(_ kind: FieldKind) -> Bool { (kept &>> UInt64(kind.rawValue)) & 1 != 0 }
}

extension FieldSection {
  /// Appends the field lines that are sent on, in canonical form; neighbours that are canonical already go in one copy.
  public func copy(
    _ bytes: Span<UInt8>, into out: inout [UInt8], policy: FieldPolicy, edits: FieldEdits
  ) {
    var runStart = -1
    var runEnd = 0
    let plain = edits.removed.isEmpty && !namesOtherFields && (policy.keepsUnderscores || !hasUnderscores)
    for field in fields {
      let kept =
        policy.keeps(field.kind)
        && (plain
          || !((field.hasUnderscore && !policy.keepsUnderscores) || edits.removes(field, bytes)
            || (namesOtherFields && isNamedInConnection(field, bytes))))
      if kept, field.isCanonical {
        let start = Int(field.nameOffset)
        if runStart < 0 {
          runStart = start
        } else if runEnd != start {
          out.append(bytes, runStart..<runEnd)
          runStart = start
        }
        runEnd = field.valueRange.upperBound &+ 2
        continue
      }
      if runStart >= 0 {
        out.append(bytes, runStart..<runEnd)
        runStart = -1
      }
      if kept {
        out.append(bytes, field.nameRange)
        out.append(": ")
        out.append(bytes, field.valueRange)
        out.append("\r\n")
      }
    }
    if runStart >= 0 { out.append(bytes, runStart..<runEnd) }
    if !edits.added.isEmpty { out.append(edits.added.span) }
  }
}
