import type { TaskCategory } from '../core/task.js';

/** Example requests per category, one a line, written for this purpose. */
export const PROTOTYPES: Readonly<Record<TaskCategory, string>> = {
  coding: `Add a retry with backoff to the upload client
Write a function that merges overlapping date ranges
Fix the off-by-one error in the pager
Convert this class to hooks
Rename UserStore to AccountStore everywhere
Write unit tests for the invoice parser
Add a --verbose flag to the command line tool
Make the table sortable by clicking its headers
Replace the callback with async and await
Regex that matches a semantic version
SQL query for customers without an order this year
Bash script that deletes branches that are merged
Dockerfile for a Python service with poetry
How do I read a gzip file line by line in Go?
Implement an LRU cache in Rust
The logout button does nothing on mobile, make it work
Add input validation to the sign-up endpoint
Set up a GitHub workflow that runs the linter
Migrate this component to the new router
Type this function so that the keys are inferred
Finish this function
Füge der Suche eine Seitennummerierung hinzu
Schreibe ein Skript, das alle Bilder verkleinert
Ajoute un test pour le cas d'une liste vide
Corrige la fonction qui calcule la TVA
Escribe una función que valide un correo
Agrega paginación al listado de pedidos
Adiciona tratamento de erro ao upload
Напиши функцию, которая разбирает дату
Исправь ошибку в форме входа
给登录接口加上限流
写一个把驼峰转成下划线的函数
ログイン画面にバリデーションを追加して
이 함수를 비동기로 바꿔 줘`,
  reasoning: `Should we use Kafka or a Postgres table as a queue?
How does optimistic locking work?
What are the trade-offs of server-side rendering?
Plan the migration from REST to GraphQL without downtime
Design a rate limiter for several regions
Is SQLite enough for a hundred concurrent users?
When would you choose an event-sourced design?
Explain the difference between a mutex and a semaphore
Monorepo or several repositories for five teams?
How would you shard this data by tenant?
Which caching strategy fits read-heavy traffic?
What is the CAP theorem?
Can WebAssembly access the DOM?
Estimate the effort to support offline mode
Propose an architecture for a plugin system
Pros and cons of feature flags
What happens when two transactions deadlock?
Is it worth moving from npm to pnpm?
How do I decide how big a service should be?
Why do databases use B-trees rather than hash tables?
hello, what can you do?
Was spricht für Microservices und was dagegen?
Wie funktioniert eine Garbage Collection?
Faut-il préférer la composition à l'héritage ?
Comment fonctionne le protocole OAuth ?
¿Qué conviene más, una cola o un cron?
¿Cómo funciona un índice invertido?
Vale a pena usar microsserviços aqui?
Что лучше для логов: файлы или база данных?
Как работает сборщик мусора?
微服务和单体架构各有什么优缺点?
乐观锁是怎么工作的?
REST と gRPC のどちらを選ぶべき?
이벤트 소싱은 언제 쓰는 것이 좋을까?`,
  analysis: `Why does the build fail only in CI?
Is this query safe from injection?
Review my changes
Who calls parseConfig in our code?
Where is the session token refreshed?
What would break if I removed this flag?
Find the memory leak in the worker
Why is our checkout page so slow?
What does this stack trace mean?
Is there a race condition in this handler?
Which tests cover the billing module?
Look at these logs and tell me what went wrong
What is the time complexity of this loop?
Does this code handle an empty list?
Audit the permissions of our API
TypeError: cannot read properties of undefined
What will this program print?
Why are there duplicate rows on the last page?
Trace how a request gets from the router to the database
Are there unused exports in this package?
Compare what these two implementations do differently
Warum schlägt der Test nur nachts fehl?
Wo wird das Passwort geprüft?
Pourquoi cette requête est-elle si lente ?
Où est définie la classe Session ?
¿Por qué falla la compilación?
¿Este código tiene fugas de memoria?
Por que o servidor retorna 500 aqui?
Почему приложение падает при запуске?
Где используется эта переменная?
为什么这个接口这么慢?
这段代码有没有线程安全问题?
このエラーの原因は何ですか
이 코드에 문제가 있는지 봐 줘`,
  documentation: `Write a README for this package
Add doc comments to the public functions
Explain what this function does
Summarise this module for a new colleague
Write a commit message for the staged changes
Draft the release notes for version 2.0
Describe the environment variables in a table
Write a tutorial about the first plugin
Document the REST endpoints
Write the description of this pull request
What does this file do?
Reword this error message so that users understand it
Translate the README to French
Write an architecture decision record about choosing Postgres
Turn these notes into a changelog
Add an example to the docs of parseDate
Describe the folder structure of the project
Write onboarding instructions for new developers
Explain this regular expression in plain words
Improve the wording of this section
Write the man page of the command
Schreibe eine Anleitung zur Installation
Erkläre, was dieser Code macht
Rédige le changelog de la version 3
Explique ce que fait ce script
Documenta las funciones públicas
Escribe un mensaje de commit para estos cambios
Escreva a documentação da API
Напиши документацию к этому модулю
Объясни, что делает этот код
给这个模块写一份说明文档
解释一下这段代码的作用
この関数の説明を書いて
이 프로젝트의 README를 작성해 줘`,
};
