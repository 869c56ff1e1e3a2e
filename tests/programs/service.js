// service.js -- a web service whose answers come from native modules; the same bytes each time.
'use strict';
const http = require('http'), zlib = require('zlib'), crypto = require('crypto');
const sharp = require('sharp'), snappy = require('snappy');

const text = Buffer.from('some text of a service '.repeat(5000));
const pixels = Buffer.alloc(300 * 300 * 3, 0).map((_, i) => (i * 7) & 255);

const pages = {
  '/': async () => 'here',
  '/image': () => sharp(pixels, {raw: {width: 300, height: 300, channels: 3}})
      .resize(120, 90).sharpen().png({compressionLevel: 6}).toBuffer(),
  '/pack': async () => Buffer.concat([zlib.deflateSync(text), zlib.gunzipSync(zlib.gzipSync(text)),
    zlib.brotliCompressSync(text.subarray(0, 5000))]),
  '/xml': async () => {
    const packed = await snappy.compress(text);
    return Buffer.concat([packed, await snappy.uncompress(packed)]);
  },
  '/sum': async () => String([...pixels].reduce((a, b) => a + b, 0)),
  '/crypt': async () => {
    const cipher = crypto.createCipheriv('aes-128-gcm', 'k'.repeat(16), 'n'.repeat(12));
    return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  },
};

const server = http.createServer(async (request, answer) => {
  try {
    if (request.url === '/post') {
      const hash = crypto.createHash('sha256');
      for await (const part of request) hash.update(part);
      return answer.end(hash.digest('hex'));
    }
    const page = pages[request.url];
    if (!page) { answer.statusCode = 404; return answer.end(); }
    answer.end(await page());
  } catch (error) {
    answer.statusCode = 500;
    answer.end(String(error));
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => { server.close(() => console.log('ended')); server.closeAllConnections(); });
