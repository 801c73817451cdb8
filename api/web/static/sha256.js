// SHA-256 (FIPS 180-4) piece by piece, for browsers that keep crypto.subtle from pages over plain
// HTTP: a hall's own network often has no certificate. Where crypto.subtle is there, it is used.
"use strict";

var Sha256 = (function () {
  var ROUNDS = 64;
  var constants = new Uint32Array(ROUNDS);
  var first = new Uint32Array(8);

  // Fractional parts of the cube roots and square roots of the first primes, 32 bits each.
  (function () {
    var found = 0;
    for (var candidate = 2; found < ROUNDS; candidate += 1) {
      var prime = true;
      for (var divisor = 2; divisor * divisor <= candidate; divisor += 1) {
        if (candidate % divisor === 0) { prime = false; break; }
      }
      if (!prime) continue;
      var cube = Math.cbrt(candidate);
      var square = Math.sqrt(candidate);
      constants[found] = Math.floor((cube - Math.floor(cube)) * 0x100000000);
      if (found < 8) first[found] = Math.floor((square - Math.floor(square)) * 0x100000000);
      found += 1;
    }
  })();

  function Hash() {
    this.state = new Uint32Array(first);
    this.words = new Uint32Array(ROUNDS);
    this.rest = new Uint8Array(64);
    this.held = 0;
    this.length = 0;
  }

  Hash.prototype.add = function (bytes) {
    this.length += bytes.length;
    var at = 0;
    if (this.held > 0) {
      at = Math.min(64 - this.held, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.held);
      this.held += at;
      if (this.held < 64) return;
      this.block(this.rest, 0);
      this.held = 0;
    }
    for (; at + 64 <= bytes.length; at += 64) this.block(bytes, at);
    this.rest.set(bytes.subarray(at), 0);
    this.held = bytes.length - at;
  };

  Hash.prototype.block = function (bytes, at) {
    var w = this.words;
    var s = this.state;
    var i;
    for (i = 0; i < 16; i += 1, at += 4) {
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (i = 16; i < ROUNDS; i += 1) {
      var x = w[i - 15];
      var y = w[i - 2];
      var low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      var high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + low + w[i - 7] + high) | 0;
    }
    var a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    for (i = 0; i < ROUNDS; i += 1) {
      var sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      var one = (h + sum1 + ((e & f) ^ (~e & g)) + constants[i] + w[i]) | 0;
      var sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      var two = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h;
  };

  Hash.prototype.hex = function () {
    var length = this.length;
    var end = new Uint8Array(this.held < 56 ? 64 - this.held : 128 - this.held);
    end[0] = 0x80;
    var view = new DataView(end.buffer);
    view.setUint32(end.length - 8, Math.floor(length / 0x20000000));
    view.setUint32(end.length - 4, (length * 8) % 0x100000000);
    this.add(end);
    return Sha256.hex(new DataView(this.state.slice().buffer), true);
  };

  return {
    start: function () { return new Hash(); },
    // Hex of 32 octets; `words`: as the machine keeps 32-bit words, whichever end is first.
    hex: function (view, words) {
      var little = words && new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
      var text = "";
      for (var i = 0; i < 32; i += 4) {
        text += ("0000000" + view.getUint32(i, little).toString(16)).slice(-8);
      }
      return text;
    }
  };
})();
