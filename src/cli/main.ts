#!/usr/bin/env node
import { ended } from './ended'
import { guardOutput } from './output'
import { run } from './program'

guardOutput()
void run(process.argv.slice(2)).then(ended)
