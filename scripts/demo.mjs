// `npm run demo`: sets up what is missing, then trains on the embedded pictures. Options go to examples/demo.ts.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, runScript, setup } from './setup.mjs'

await runScript(async () => {
  await setup()
  // In this process, so that Ctrl-C reaches the demo once and nobody in between.
  await import(pathToFileURL(join(root, 'build', 'examples', 'demo.js')).href)
})
