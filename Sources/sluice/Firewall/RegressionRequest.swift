/// Writes requests as go-ftw does, so that its tests mean the same here.
package enum RegressionRequest {
  /// The bytes of a request.
  ///
  /// - Parameter cookies: what earlier stages saved, for a `Cookie` field unless there is one.
  package static func bytes(_ input: RegressionInput, cookies: String? = nil) -> [UInt8] {
    if let raw = input.encodedRequest { return raw }
    var input = input
    if let cookies, !has(input, "cookie") { input.fields.append(RegressionField(name: "Cookie", value: cookies)) }
    if input.completes, !input.data.isEmpty {
      if !has(input, "content-type") { add(&input, "Content-Type", formType) }
      if values(input, "content-type").contains(where: { $0.lowercased() == formType }) {
        input.data = encodedForm(input.data)
      }
    }
    // Multipart bodies are written with LF in the files.
    if values(input, "content-type").contains(where: { $0.lowercased().contains("multipart/form-data;") }) {
      input.data = input.data.flatMap { $0 == 0x0a ? [0x0d, 0x0a] : [$0] }
    }
    if input.completes { complete(&input) }
    var bytes = Array("\(input.method) \(input.target) \(input.version)\r\n".utf8)
    for field in input.fields { bytes += "\(field.name): \(field.value)\r\n".utf8 }
    bytes += "\r\n".utf8
    return bytes + input.data
  }

  private static let formType = "application/x-www-form-urlencoded"

  private static func has(_ input: RegressionInput, _ name: String) -> Bool {
    input.fields.contains { $0.name.lowercased() == name }
  }

  private static func values(_ input: RegressionInput, _ name: String) -> [String] {
    input.fields.filter { $0.name.lowercased() == name }.map(\.value)
  }

  private static func add(_ input: inout RegressionInput, _ name: String, _ value: String) {
    input.fields.append(RegressionField(name: name, value: value))
  }

  private static func complete(_ input: inout RegressionInput) {
    if !has(input, "connection") { add(&input, "Connection", "close") }
    guard !has(input, "content-length") else { return }
    let method = input.method
    let mayHaveBody =
      method.hasPrefix("POST") || method.contains("PUT") || method.contains("PATCH") || method.hasSuffix("DELETE")
    if !input.data.isEmpty || mayHaveBody { add(&input, "Content-Length", String(input.data.count)) }
  }

  /// Form data in the files is mostly not encoded: what decoding would not change is encoded, name by name and value by
  /// value.
  static func encodedForm(_ data: [UInt8]) -> [UInt8] {
    guard !data.contains(0x25), !data.contains(0x2b) else { return data }
    var result: [UInt8] = []
    var pieces = data.split(separator: 0x26, omittingEmptySubsequences: false)
    if pieces.last?.isEmpty == true { pieces.removeLast() }
    for (index, piece) in pieces.enumerated() {
      if index > 0 { result.append(0x26) }
      let equals = piece.firstIndex(of: 0x3d) ?? piece.endIndex
      escape(piece[..<equals], into: &result)
      guard equals < piece.endIndex else { continue }
      result.append(0x3d)
      escape(piece[(equals + 1)...], into: &result)
    }
    return result
  }

  private static func escape(_ bytes: ArraySlice<UInt8>, into result: inout [UInt8]) {
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in bytes {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: result.append(byte)
      case 0x20: result.append(0x2b)
      default: result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
  }
}
