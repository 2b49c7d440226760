import SluiceModel

/// One block of a PEM file (RFC 7468).
public struct PEMBlock: Sendable, Equatable {
  /// What the block holds, as its first line says: `CERTIFICATE`.
  public var label: String
  /// The decoded content.
  public var der: [UInt8]
  /// The line of its `-----BEGIN`, from 1.
  public var line: Int

  public init(label: String, der: [UInt8], line: Int) {
    self.label = label
    self.der = der
    self.line = line
  }
}

/// Reads and writes PEM text (RFC 7468). Text between blocks is passed over, as OpenSSL does; inside a block only base64
/// and white space may be.
public enum PEM {
  /// All blocks of a file, in order.
  ///
  /// - Parameters:
  ///   - text: the file, at most `maximumBytes`.
  ///   - maximumBlocks: how many blocks there may be.
  /// - Throws: with the line of a block that isn't well-formed, or when a limit is passed.
  public static func blocks(
    _ text: [UInt8], maximumBytes: Int = PKILimits.pemFileBytes, maximumBlocks: Int = PKILimits.pemBlocks
  ) throws(PKIError) -> [PEMBlock] {
    guard text.count <= maximumBytes else { throw PKIError("the file is longer than \(maximumBytes) bytes") }
    var result: [PEMBlock] = []
    var open: (label: String, line: Int, decoder: Base64.Decoder)?
    var lineNumber = 0
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: 0x0a) ?? text.count
      lineNumber += 1
      let line = trimmed(text[start..<end])
      start = end + 1
      if let (isBegin, label) = boundary(line) {
        switch (open, isBegin) {
        case (nil, true):
          guard result.count < maximumBlocks else {
            throw PKIError("more than \(maximumBlocks) PEM blocks", line: lineNumber)
          }
          open = (label, lineNumber, Base64.Decoder())
        case (nil, false):
          throw PKIError("`-----END \(label)-----` without its beginning", line: lineNumber)
        case (let block?, true):
          throw PKIError("a PEM block begins inside the one of line \(block.line)", line: lineNumber)
        case (var block?, false):
          guard block.label == label else {
            throw PKIError("a block of `\(block.label)` ends as `\(label)`", line: lineNumber)
          }
          guard block.decoder.finish(), !block.decoder.bytes.isEmpty else {
            throw PKIError("the base64 text of the PEM block of line \(block.line) is cut short", line: lineNumber)
          }
          result.append(PEMBlock(label: label, der: block.decoder.bytes, line: block.line))
          open = nil
        }
      } else if open != nil {
        guard open?.decoder.append(line) == true else { throw notBase64(line, lineNumber) }
      }
    }
    if let open { throw PKIError("the PEM block has no `-----END \(open.label)-----`", line: open.line) }
    return result
  }

  private static func notBase64(_ line: ArraySlice<UInt8>, _ number: Int) -> PKIError {
    if line.contains(UInt8(ascii: ":")) {
      return PKIError(
        "the PEM block has headers, as an encrypted key does", hint: "decrypt it: openssl pkey -in FILE -out NEW",
        line: number)
    }
    return PKIError("not base64 text", line: number)
  }

  private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
    var (first, end) = (line.startIndex, line.endIndex)
    while first < end, isSpace(line[first]) { first += 1 }
    while first < end, isSpace(line[end - 1]) { end -= 1 }
    return line[first..<end]
  }

  /// `-----BEGIN LABEL-----` or `-----END LABEL-----`.
  private static func boundary(_ line: ArraySlice<UInt8>) -> (isBegin: Bool, label: String)? {
    guard line.first == UInt8(ascii: "-"), line.count <= 80 else { return nil }
    let dashes = Array("-----".utf8)
    guard line.suffix(5).elementsEqual(dashes) else { return nil }
    for (isBegin, prefix) in [(true, "-----BEGIN "), (false, "-----END ")] where line.starts(with: prefix.utf8) {
      let label = line.dropFirst(prefix.utf8.count).dropLast(5)
      guard !label.isEmpty, label.allSatisfy({ (0x20...0x7e).contains($0) }) else { return nil }
      return (isBegin, String(decoding: label, as: UTF8.self))
    }
    return nil
  }

  /// A block as text, lines of 64 characters, with a line feed at the end.
  public static func text(label: String, der: [UInt8]) -> String {
    var result = "-----BEGIN \(label)-----\n"
    var rest = Base64.text(der)[...]
    while !rest.isEmpty {
      result += rest.prefix(64) + "\n"
      rest = rest.dropFirst(64)
    }
    return result + "-----END \(label)-----\n"
  }
}

// MARK: What files hold

extension PEM {
  static let certificateLabels: Set<String> = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"]

  /// The certificates of a file, in its order; blocks of other kinds are passed over.
  ///
  /// - Parameter maximum: how many there may be.
  /// - Throws: when there is none, when there are too many, or when one can't be read.
  public static func certificates(
    _ text: [UInt8], maximum: Int = PKILimits.pemBlocks
  ) throws(PKIError) -> [CertificateFacts] {
    var result: [CertificateFacts] = []
    for block in try blocks(text) where certificateLabels.contains(block.label) {
      guard block.label != "TRUSTED CERTIFICATE" else {
        throw PKIError(
          "OpenSSL's `TRUSTED CERTIFICATE` format", hint: "write it anew: openssl x509 -in FILE -out NEW",
          line: block.line)
      }
      guard result.count < maximum else { throw PKIError("more than \(maximum) certificates", line: block.line) }
      do {
        result.append(try CertificateFacts(der: block.der))
      } catch {
        throw PKIError(error.message, hint: error.hint, line: block.line)
      }
    }
    guard !result.isEmpty else {
      throw PKIError("no certificate in the file", hint: "a PEM file has lines of `-----BEGIN CERTIFICATE-----`")
    }
    return result
  }

  /// A certificate with those that vouch for it: the leaf first, each next one the issuer of the one before.
  ///
  /// - Throws: when the order is wrong, there is no certificate, or one can't be read.
  public static func chain(_ text: [UInt8]) throws(PKIError) -> [CertificateFacts] {
    let chain = try certificates(text, maximum: PKILimits.chainCertificates)
    for (index, (certificate, next)) in zip(chain, chain.dropFirst()).enumerated()
    where certificate.issuerDER != next.subjectDER {
      throw PKIError(
        "certificate \(index + 1) was issued by `\(certificate.identity.issuer)`, but certificate \(index + 2) is "
          + "`\(next.identity.subject)`",
        hint: "a chain begins with the server's own certificate, and each next one is the issuer of the one before")
    }
    return chain
  }

  /// The one private key of a file; certificates beside it are passed over.
  ///
  /// - Throws: when there is none or more than one, or when it is encrypted.
  public static func privateKey(_ text: [UInt8]) throws(PKIError) -> PrivateKeyFile {
    var found: PrivateKeyFile?
    for block in try blocks(text) {
      if block.label == "ENCRYPTED PRIVATE KEY" {
        throw PKIError(
          "the private key is encrypted", hint: "decrypt it into a file of mode 0600: openssl pkey -in FILE -out NEW",
          line: block.line)
      }
      guard let form = PrivateKeyFile.Form(rawValue: block.label) else { continue }
      guard found == nil else { throw PKIError("a second private key", line: block.line) }
      guard block.der.count <= PKILimits.keyBytes else { throw PKIError("the private key is too long") }
      found = PrivateKeyFile(form: form, der: block.der, line: block.line)
    }
    guard let found else {
      throw PKIError("no private key in the file", hint: "a PEM file has a line of `-----BEGIN PRIVATE KEY-----`")
    }
    return found
  }

  /// The revocation lists of a file, in its order; blocks of other kinds are passed over.
  ///
  /// - Throws: when there is none, when there are too many, or when one can't be read.
  public static func revocationLists(_ text: [UInt8]) throws(PKIError) -> [RevocationList] {
    var result: [RevocationList] = []
    for block in try blocks(text) where block.label == "X509 CRL" {
      guard result.count < PKILimits.revocationLists else {
        throw PKIError("more than \(PKILimits.revocationLists) revocation lists", line: block.line)
      }
      do {
        result.append(try RevocationList(der: block.der))
      } catch {
        throw PKIError(error.message, hint: error.hint, line: block.line)
      }
    }
    guard !result.isEmpty else {
      throw PKIError("no revocation list in the file", hint: "a PEM file has lines of `-----BEGIN X509 CRL-----`")
    }
    return result
  }
}
