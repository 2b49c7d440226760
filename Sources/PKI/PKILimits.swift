/// Bounds on what the readers of this module take.
public enum PKILimits {
  /// One certificate in DER. BoringSSL takes no longer handshake message by default.
  public static let certificateBytes = 64 << 10
  /// One revocation list in DER: about a million entries.
  public static let revocationListBytes = 64 << 20
  /// Revocation lists in a file.
  public static let revocationLists = 256
  /// Entries of a revocation list.
  public static let revokedCertificates = 2_000_000
  /// A PEM file: the longest revocation list with room for base64 and text.
  public static let pemFileBytes = 96 << 20
  /// Blocks of a PEM file.
  public static let pemBlocks = 4096
  /// A private key in DER.
  public static let keyBytes = 64 << 10
  /// Certificates of a chain file or of a handshake.
  public static let chainCertificates = 16
  /// Extensions of a certificate or a revocation list.
  public static let extensions = 64
  /// Subject alternative names of a certificate.
  public static let alternativeNames = 1024
  /// Relative distinguished names of a subject or issuer, with all their attributes.
  public static let nameAttributes = 64
  /// Octets of a serial number (RFC 5280, 4.1.2.2).
  public static let serialBytes = 20
  /// Bytes of a Modbus role.
  public static let roleBytes = 256
  /// Bytes of a SPIFFE id (SPIFFE-ID, 2.3).
  public static let spiffeIDBytes = 2048
  /// Bytes of a SPIFFE trust domain (SPIFFE-ID, 2.1).
  public static let trustDomainBytes = 255
}
