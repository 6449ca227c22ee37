// Downloads Prisma's query engine with Prisma's own code into a folder, and prints the path of the program.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { enginesVersion } = require('@prisma/engines-version')
const { download } = require('@prisma/fetch-engine')
const { getBinaryTargetForCurrentPlatform } = require('@prisma/get-platform')

const platform = await getBinaryTargetForCurrentPlatform()
const { 'query-engine': paths } = await download({
  binaries: { 'query-engine': process.argv[2] },
  binaryTargets: [platform],
  version: enginesVersion,
})
console.log(paths[platform])
