package survey
import ("testing";"time";"fmt";"os")
func TestZZ(t *testing.T){
 db:=open(t,2)
 P,M:=340000,1
 if os.Getenv("MM")!="" { fmt.Sscan(os.Getenv("MM"),&M); fmt.Sscan(os.Getenv("PP"),&P)}
 national(t,db,P,M)
 for k:=0;k<2;k++{
 p:=params(t,nil); tot:=time.Duration(0)
 for _,m:=range surveyModels{
  kind:="TABLE"; if m.view {kind="VIEW"}
  n:=m.path[len("core/"):]
  for i:=range m.path { if m.path[i]=='/' {n=m.path[i+1:]}}
  s:=time.Now(); run(t,db,"CREATE OR REPLACE "+kind+" "+n+" AS "+render(t,m.path,p)); d:=time.Since(s); tot+=d
  var c int; if !m.view {db.QueryRow("SELECT count(*) FROM "+n).Scan(&c)}
  fmt.Println(n,d,c)
 }
 fmt.Println(tot)
 }
}
