" What a client of MessagePack-RPC sees that knows nothing of us. Writes what it saw, as JSON, to $SALLYPORT_SEEN.
let s:seen = {}
let g:output = []

function! Output(params)
  call add(g:output, a:params)
endfunction

try
  let s:channel = sockconnect('pipe', $SALLYPORT_SOCKET, {'rpc': v:true})
  let s:seen.hello = rpcrequest(s:channel, 'hello', {'client': 'neovim'})
  let s:seen.clean = rpcrequest(s:channel, 'scan', {'code': "print('Hello')", 'language': 'python'})
  let s:seen.blocked = rpcrequest(s:channel, 'scan', {'code': "import os\nos.system('whoami')", 'language': 'python',
        \ 'policy': {'patterns': [{'pattern': '\bos\.system\s*\(', 'severity': 'high'}],
        \ 'restricted_modules': [{'name': 'os', 'severity': 'high'}]}})
  let s:seen.run = rpcrequest(s:channel, 'run', {'code': "print(6 * 7)", 'language': 'python'})
  let s:seen.refused = rpcrequest(s:channel, 'run', {'code': "import os", 'language': 'python',
        \ 'policy': {'restricted_modules': [{'name': 'os', 'severity': 'high'}]}})
  try
    call rpcrequest(s:channel, 'scan', {'code': 'x', 'language': 'cobol'})
  catch
    let s:seen.error = v:exception
  endtry
  call rpcnotify(s:channel, 'nothing_of_that_name', 1, 2, 3)
  let s:seen.after = rpcrequest(s:channel, 'hello')
  call chanclose(s:channel)
catch
  let s:seen.failed = v:exception . ' at ' . v:throwpoint
endtry
call writefile([json_encode(s:seen)], $SALLYPORT_SEEN)
qall!
