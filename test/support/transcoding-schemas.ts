/** Every feature of FlatBuffers that has a form in JSON. */
export const ALL_FEATURES = `
namespace shop;

enum Colour : byte { None = 0, Red = 1, Green, Blue = 5 }
enum Marks : ushort (bit_flags) { Bold, Italic, Struck = 5 }
enum Rights : uint (bit_flags) { Read, Write, Own = 31 }
enum Giant : ulong (bit_flags) { First, Second, Last = 63 }
enum Level : long { Low = -9223372036854775808, None = 0, High = 9223372036854775807 }

struct Point { x : float; y : double; }
struct Box (force_align: 16) { corners : [Point : 2]; colour : Colour; shades : [Colour : 3]; solid : bool; depth : long; }
struct Entry { id : uint (key); weight : double; }

table Named { name : string (key); size : int = 7; }
table Numbered { number : long (key); label : string; }
table Note { text : string (required); inner : [ubyte] (nested_flatbuffer: "Note"); next : Note; }
union Content { Note, Point, Caption : string, Other : Note }

table Order {
  truth : bool;
  tiny : byte;
  small : ubyte = 200;
  short : short;
  word : ushort;
  number : int = -1;
  count : uint;
  long : long;
  huge : ulong = 18446744073709551615;
  single : float = 1.5;
  real : double = inf;
  maybe_truth : bool = null;
  maybe_number : int = null;
  maybe_huge : ulong = null;
  maybe_real : double = null;
  maybe_colour : Colour = null;
  colour : Colour = Red;
  marks : Marks;
  rights : Rights;
  giant : Giant;
  level : Level;
  title : string;
  code : string (required);
  place : Point;
  box : Box;
  note : Note;
  content : Content;
  contents : [Content];
  truths : [bool];
  bytes : [ubyte];
  tinies : [byte];
  shorts : [ushort];
  numbers : [int];
  longs : [long];
  huges : [ulong];
  singles : [float] (force_align: 16);
  reals : [double];
  colours : [Colour];
  giants : [Giant];
  texts : [string];
  points : [Point];
  boxes : [Box];
  entries : [Entry];
  notes : [Note];
  named : [Named];
  numbered : [Numbered];
  nested : [ubyte] (nested_flatbuffer: "Named");
}

root_type Order;
file_identifier "SHOP";
`;
