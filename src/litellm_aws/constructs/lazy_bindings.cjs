// Loaded by Node before jsii: `@cdktf/provider-aws` then reads a resource's file when it is first used.
//
// The package's index reads the files of all 2,100 resources, which takes longer than all else that a
// small synthesis does. An index in which this finds no such line is left as it is.
"use strict";
const fs = require("fs");
const Module = require("module");

const INDEX = /[\\/]@cdktf[\\/]provider-aws[\\/]lib[\\/]index\.js$/;
const EAGER = /^exports\.(\w+) = require\("(\.\/[\w.-]+)"\);$/gm;
const LAZY = 'Object.defineProperty(exports, "$1", { enumerable: true, get: () => require("$2") });';

const load = Module._extensions[".js"];
Module._extensions[".js"] = (module, filename) =>
  INDEX.test(filename)
    ? module._compile(fs.readFileSync(filename, "utf8").replace(EAGER, LAZY), filename)
    : load(module, filename);
