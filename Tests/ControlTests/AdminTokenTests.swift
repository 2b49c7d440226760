import Foundation
import SluiceModel
import Testing

import Control

@Suite struct AdminTokenTests {
  @Test func isMadeOnceWithModeSixHundred() async throws {
    try await withFolder { folder in
      let path = folder + "/token"
      let first = try AdminToken.load(path: path)
      #expect(first.reveal().utf8.count == 43)
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(try AdminToken.load(path: path) == first)
      #expect(try AdminCredentials.token(path: path) == first)
      #expect(try AdminToken.load(path: folder + "/other") != first)
    }
  }

  @Test(arguments: [0o644, 0o640, 0o604, 0o620]) func isRefusedWhenOpenToOthers(_ mode: Int) async throws {
    try await withFolder { folder in
      let path = folder + "/token"
      _ = try AdminToken.load(path: path)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
      let error = #expect(throws: AdminServerError.self) { try AdminToken.load(path: path) }
      #expect(error?.message.contains("is open to others (mode 0\(String(mode, radix: 8)))") == true)
      #expect(throws: AdminServerError.self) { try AdminCredentials.token(path: path) }
    }
  }

  @Test func isNotReadThroughLinksOrFromNothing() async throws {
    try await withFolder { folder in
      _ = try AdminToken.load(path: folder + "/token")
      try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: folder + "/token")
      #expect(throws: AdminServerError.self) { try AdminToken.load(path: folder + "/link") }
      let created = FileManager.default.createFile(
        atPath: folder + "/empty", contents: Data("short\n".utf8), attributes: [.posixPermissions: 0o600])
      #expect(created)
      #expect(throws: AdminServerError.self) { try AdminToken.load(path: folder + "/empty") }
      #expect(throws: AdminServerError.self) { try AdminToken.load(path: folder + "/missing/token") }
    }
  }

  @Test(arguments: [
    ([UInt8](), ""), ([0x66], "Zg"), ([0x66, 0x6f], "Zm8"), ([0x66, 0x6f, 0x6f], "Zm9v"), ([0xfb, 0xff], "-_8"),
  ]) func isBase64URL(_ bytes: [UInt8], _ text: String) {
    #expect(AdminToken.base64URL(bytes) == text)
  }

  @Test func matchesOnlyItself() {
    let token = Secret("abcdefgh")
    #expect(AdminToken.matches("abcdefgh", token))
    for wrong in ["", "abcdefg", "abcdefghabcdefgh", "abcdefgi", "Abcdefgh"] {
      #expect(!AdminToken.matches(wrong, token))
    }
    #expect(!AdminToken.matches("", Secret("")))
  }
}
