// `node:zlib`.

import { unavailable } from "tollgate:node-unavailable";

const refuse = unavailable("node:zlib", "use CompressionStream and DecompressionStream");

export const BrotliCompress = refuse("BrotliCompress");
export const BrotliDecompress = refuse("BrotliDecompress");
export const Deflate = refuse("Deflate");
export const DeflateRaw = refuse("DeflateRaw");
export const Gunzip = refuse("Gunzip");
export const Gzip = refuse("Gzip");
export const Inflate = refuse("Inflate");
export const InflateRaw = refuse("InflateRaw");
export const Unzip = refuse("Unzip");
export const brotliCompress = refuse("brotliCompress");
export const brotliCompressSync = refuse("brotliCompressSync");
export const brotliDecompress = refuse("brotliDecompress");
export const brotliDecompressSync = refuse("brotliDecompressSync");
export const createBrotliCompress = refuse("createBrotliCompress");
export const createBrotliDecompress = refuse("createBrotliDecompress");
export const createDeflate = refuse("createDeflate");
export const createDeflateRaw = refuse("createDeflateRaw");
export const createGunzip = refuse("createGunzip");
export const createGzip = refuse("createGzip");
export const createInflate = refuse("createInflate");
export const createInflateRaw = refuse("createInflateRaw");
export const createUnzip = refuse("createUnzip");
export const deflate = refuse("deflate");
export const deflateRaw = refuse("deflateRaw");
export const deflateRawSync = refuse("deflateRawSync");
export const deflateSync = refuse("deflateSync");
export const gunzip = refuse("gunzip");
export const gunzipSync = refuse("gunzipSync");
export const gzip = refuse("gzip");
export const gzipSync = refuse("gzipSync");
export const inflate = refuse("inflate");
export const inflateRaw = refuse("inflateRaw");
export const inflateRawSync = refuse("inflateRawSync");
export const inflateSync = refuse("inflateSync");
export const unzip = refuse("unzip");
export const unzipSync = refuse("unzipSync");

export const constants = {
  Z_NO_FLUSH: 0,
  Z_PARTIAL_FLUSH: 1,
  Z_SYNC_FLUSH: 2,
  Z_FULL_FLUSH: 3,
  Z_FINISH: 4,
  Z_BLOCK: 5,
  Z_NO_COMPRESSION: 0,
  Z_BEST_SPEED: 1,
  Z_BEST_COMPRESSION: 9,
  Z_DEFAULT_COMPRESSION: -1,
  BROTLI_OPERATION_FLUSH: 1,
};

export default {
  BrotliCompress,
  BrotliDecompress,
  Deflate,
  DeflateRaw,
  Gunzip,
  Gzip,
  Inflate,
  InflateRaw,
  Unzip,
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createDeflateRaw,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  createUnzip,
  deflate,
  deflateRaw,
  deflateRawSync,
  deflateSync,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  inflate,
  inflateRaw,
  inflateRawSync,
  inflateSync,
  unzip,
  unzipSync,
};
