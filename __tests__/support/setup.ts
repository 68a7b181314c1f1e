import './matchers'

// libtorch reads it once, when it is loaded; the test files share two cores with each other and with Python.
process.env['OMP_NUM_THREADS'] ??= '1'
