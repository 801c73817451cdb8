// Seals one page as often as standard input says, and answers the nanoseconds.
// Usage: node signpdf.js PAGE P12 PASSWORD OUT
'use strict';

const fs = require('fs');
const readline = require('readline');
const { plainAddPlaceholder } = require('@signpdf/placeholder-plain');
const { P12Signer } = require('@signpdf/signer-p12');
const { SignPdf } = require('@signpdf/signpdf');
const { SUBFILTER_ETSI_CADES_DETACHED } = require('@signpdf/utils');

const [page, p12, passphrase, out] = process.argv.slice(2);
const pdfBuffer = fs.readFileSync(page);
const keyFile = fs.readFileSync(p12);
const signing = new SignPdf();

async function seal() {
  const prepared = plainAddPlaceholder({
    pdfBuffer,
    reason: '',
    contactInfo: '',
    name: '',
    location: '',
    signatureLength: 4096,
    subFilter: SUBFILTER_ETSI_CADES_DETACHED,
  });
  // A signer reads its buffer to the end: it signs once.
  return signing.sign(prepared, new P12Signer(keyFile, { passphrase }));
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    try {
      const started = process.hrtime.bigint();
      let sealed;
      for (let left = Number(line); left > 0; left -= 1) {
        sealed = await seal();
      }
      const spent = process.hrtime.bigint() - started;
      fs.writeFileSync(out, sealed);
      console.log(String(spent));
    } catch (error) {
      console.log(`${error.name}: ${error.message}`);
    }
  }
})();
