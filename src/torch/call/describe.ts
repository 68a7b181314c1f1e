export { describe } from '../../common/describe'
