import Testing
import sluice

@Suite struct ReflectingBackendTests {
  private let backend = ReflectingBackend()

  private func reflect(_ json: String) -> ReflectingBackend.Reply {
    backend.reply(method: "POST", target: "/reflect?x", body: Array(json.utf8))
  }

  @Test func anythingIsAnswered() {
    for (method, target) in [("GET", "/reflect"), ("POST", "/"), ("POST", "/reflection"), ("X", "*")] {
      let reply = backend.reply(method: method, target: target, body: Array("{}".utf8))
      #expect(reply.status == 200 && reply.body.isEmpty && reply.fields.isEmpty)
    }
  }

  @Test func repliesAreAsTold() {
    let reply = reflect(#"{"status": 418, "headers": {"B": "2", "A": "1", "no name": "x"}, "body": "tea"}"#)
    #expect(reply.status == 418)
    #expect(reply.fields.map(\.name) == ["A", "B", "Content-Type"])
    #expect(reply.body == Array("tea".utf8))
    #expect(reflect(#"{"encodedBody": "AAEC"}"#).body == [0, 1, 2])
    #expect(reflect("{}").status == 200)
    for wrong in ["", "x", "[]", #"{"status": "a"}"#, #"{"status": 99}"#, #"{"encodedBody": "?"}"#] {
      #expect(reflect(wrong).status == 400, "\(wrong)")
    }
  }

  @Test(arguments: [
    ("plain", "text/plain; charset=utf-8"), (" \n<HTML >", "text/html; charset=utf-8"),
    ("<p>", "text/html; charset=utf-8"), ("<pre>", "text/plain; charset=utf-8"),
    ("<!-- x", "text/html; charset=utf-8"), ("<?xml version", "text/xml; charset=utf-8"),
    ("<?php", "text/plain; charset=utf-8"), ("%PDF-1", "application/pdf"), ("a\u{1}", "application/octet-stream"),
    ("GIF89a", "image/gif"),
  ])
  func typesAreGuessed(body: String, type: String) {
    let reply = reflect(#"{"encodedBody": "\#(base64(body))"}"#)
    #expect(reply.fields == [RegressionField(name: "Content-Type", value: type)])
  }

  private func base64(_ text: String) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bytes = Array(text.utf8)
    var result = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let number = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
      for index in 0...part.count { result.append(digits[number >> (18 - 6 * index) & 63]) }
      result += String(repeating: "=", count: 3 - part.count)
    }
    return result
  }
}
