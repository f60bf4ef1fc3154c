import { test } from 'vitest'
import { readBook, goldensRoot } from '../goldens-run/read.ts'
import { decodeImage } from '../../src/data/decode-image.ts'
import { readFileSync } from 'node:fs'
import sharp from 'sharp'
test('x', async () => {
  const b = readBook<any>('data/decoded')
  const has = (k: string) => { try { return b.tensor(k) } catch { return null } }
  for (const c of b.cases) {
    const nm = c.name
    const t3 = has(nm + '/tf_integer_accurate') ?? has(nm + '/tf3')
    if (!t3) continue
    const n = t3.data.length / 3
    const forms: any = { pil: (r:number,g:number,b:number)=>(r*19595+g*38470+b*7471+0x8000)>>16, png: (r:number,g:number,b:number)=>(r*9797+g*19234+b*3737)>>15, pngr: (r:number,g:number,b:number)=>(r*9797+g*19234+b*3737+16384)>>15, bug: (r:number,g:number,b:number)=>(r*9797+g*3735+b*19236+16384)>>15 }
    const out: any = [nm]
    for (const key of ['tf1', 'pil_grayscale']) { const t = has(nm + '/' + key); if (!t) continue
      out.push(key + ' ' + Object.entries(forms).map(([k, f]: any) => { let m = 0, w = 0; for (let i = 0; i < n; i++) { const d = Math.abs(f(t3.data[3*i], t3.data[3*i+1], t3.data[3*i+2]) - t.data[i]!); m = Math.max(m, d); if (d) w++ } return `${k} ${m}(${w})` }).join(' ')) }
    console.log(out.join(' | '))
  }
  for (const nm of ['palette.png', 'bits1.png']) console.log(nm, [...b.tensor(nm + '/tf4').data.slice(0, 16)], [...b.tensor(nm + '/pil_rgba').data.slice(0, 16)])
  const bytes = readFileSync(goldensRoot + '/data/images/cmyk.jpg')
  const r = await sharp(bytes, { ignoreIcc: true }).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer({ resolveWithObject: true })
  console.log(r.info, [...r.data.subarray(0, 16)])
  for (const k of ['tf_integer_accurate', 'tf3', 'pil_rgb']) console.log(k, [...b.tensor('cmyk.jpg/' + k).data.slice(0, 12)])
  console.log([...b.tensor('gray.bmp/tf3').data.slice(0, 12)])
  const g = await decodeImage(readFileSync(goldensRoot + '/data/images/gray.bmp')); console.log([...g.data.slice(0, 12)])
})
